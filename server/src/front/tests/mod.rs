//! The front with real sockets, tiny_http behind it and clients of every sort before it.

mod bodies;
mod crowds;
mod deposits;
mod ends;
mod hostile;
mod manners;
mod random;
mod stage;
