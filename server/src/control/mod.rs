//! The control socket: commands typed while a server has the data directory go through it.
//!
//! `DIR/control.sock` is a Unix socket that only its owner may use. A client sends one frame, its
//! command line ([`request`]), and keeps its writing half open: closing it is how a command is
//! cancelled. The server answers with frames of standard output and standard error as they come, and
//! ends with one that holds the exit code ([`frame`]). Nothing here knows what a command is: whoever
//! serves gives a function that runs one.
//!
//! | code | |
//! |---|---|
//! | `CTL-001` | the server ended before the command did |
//! | `CTL-002` | the command line is too long for the socket |
//! | `CTL-003` | what was sent is not a request |
//! | `CTL-004` | client and server are of versions that do not understand each other |
//! | `CTL-005` | another user's process |
//! | `CTL-006` | as many commands run as the server takes |
//! | `CTL-007` | the server is ending |
//! | `CTL-008` | a command that cannot go through the server |
//! | `CTL-009` | a command ended in a fault of copiste itself |
//! | `CTL-010` | cancelled while another import had its turn |
//! | `CTL-011` | the socket cannot be made |
//! | `CTL-012` | the client's working directory is gone |

pub(crate) mod client;
mod frame;
pub(crate) mod listener;
pub(crate) mod request;
mod socket;
#[cfg(test)]
mod tests;
pub(crate) mod wire;
