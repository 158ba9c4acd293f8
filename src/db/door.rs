//! By which door a change comes in: a write knows it, and so does every event of that write.

use crate::kit::stored_enum;

stored_enum! {
    /// By which door a change comes in.
    #[derive(Default)]
    pub enum Door {
        /// A program, or somebody with a client of their own.
        Api = "API",
        /// A message.
        Chat = "CHAT",
        /// A page of the desk.
        Page = "PAGE",
        /// Andon itself, because time passed or something else happened.
        #[default]
        Job = "JOB",
        /// The command line.
        Cli = "CLI",
    }
}
