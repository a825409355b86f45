//! What the server answers, behind the front: requests as the handlers see them, answers, problems, ranges,
//! and the tables of who may ask what ([`table`]).
//!
//! The front has parsed and bounded everything that comes from outside; tiny_http hands it over on a private
//! socket; here is neither a socket nor a clock on the wall.

pub(crate) mod answer;
pub(crate) mod backend;
pub(crate) mod call;
pub(crate) mod identity;
pub(crate) mod problem;
pub(crate) mod ranges;
pub(crate) mod routes;
pub(crate) mod service;
pub(crate) mod table;
