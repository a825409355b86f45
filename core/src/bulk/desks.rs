//! Desks for whoever makes a copy now and then: taken for one copy, given back for the next one's maker.

use std::sync::{Mutex, PoisonError};

use crate::render::Desk;

/// A shelf of desks that nobody uses.
#[derive(Default)]
pub(super) struct Desks(Mutex<Vec<Desk>>);

/// A copy is composed in some fifty microseconds, so hundreds of readers rarely need more at once; a desk
/// that finds no room is dropped.
const ROOM: usize = 8;

impl Desks {
    pub fn take(&self) -> Desk {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default()
    }

    pub fn give(&self, desk: Desk) {
        let mut desks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if desks.len() < ROOM {
            desks.push(desk);
        }
    }
}
