//! The `andon` binary: hands the command line over and says in one line what went wrong.

use std::process::ExitCode;

fn main() -> ExitCode {
    andon::cli::main()
}
