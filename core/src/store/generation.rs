//! Generations: which are in use, which can go.

/// A generation of an exam's records, held by the store and by every view of it.
pub(super) struct Held(u32);

impl Held {
    pub(super) fn new(generation: u32) -> Held {
        Held(generation)
    }

    pub(super) fn generation(&self) -> u32 {
        self.0
    }
}
