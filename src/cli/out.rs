//! What commands say, on standard output and standard error, to whoever still reads.
//!
//! A reader may leave early (`andon outbox | head -1`). That is no mistake of the command's: it does its work, says no
//! more, and ends with the code that it would have ended with.

use std::fmt::Arguments;
use std::io::{self, ErrorKind, Write};

/// Standard output. What nobody reads any more counts as written.
pub(super) struct Out;

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        unless_left(io::stdout().write(bytes), bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        unless_left(io::stdout().flush(), ())
    }
}

fn unless_left<T>(written: io::Result<T>, all: T) -> io::Result<T> {
    match written {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(all),
        written => written,
    }
}

/// A line on standard output. Where it cannot be written although somebody reads (a full disk), the command ends with
/// code 1.
pub(super) fn line(text: Arguments<'_>) {
    if let Err(error) = writeln!(Out, "{text}") {
        line_of_error(format_args!("andon: standard output cannot be written: {error}"));
        std::process::exit(1);
    }
}

/// A line on standard error, where that can be written.
pub(super) fn line_of_error(text: Arguments<'_>) {
    let _nobody_is_left_to_be_told = writeln!(io::stderr(), "{text}");
}

/// `println!` for commands.
macro_rules! say {
    ($($words:tt)*) => { $crate::cli::out::line(format_args!($($words)*)) };
}
pub(super) use say;

/// `eprintln!` for commands.
macro_rules! complain {
    ($($words:tt)*) => { $crate::cli::out::line_of_error(format_args!($($words)*)) };
}
pub(super) use complain;
