//! The `andon` binary: hands the command line over and says in one line what went wrong.

use mimalloc::MiMalloc;
use std::process::ExitCode;

/// A message is many small pieces of memory: with the system's allocator a fifth fewer messages are taken in. Without
/// huge pages (`no_thp`): they take 20 MB more.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    andon::cli::main()
}
