//! Sets of ranks, 65,536 at a time: few enough that one is read and met with another in a microsecond or two, and
//! that a page of results rarely takes more than one.

/// Ranks of one block.
pub(super) const SIZE: u32 = 1 << 16;

const WORDS: usize = SIZE as usize / 64;

/// How the ranks of a kept block are spelt: each as two bytes, or a bit for every rank up to the last.
const EACH: u8 = 0;
const BITS: u8 = 1;

/// The block that a rank lies in, and where.
pub(super) fn within(rank: u32) -> (u16, u16) {
    // Both halves fit.
    ((rank >> 16) as u16, (rank & 0xFFFF) as u16)
}

/// Some of the ranks of a block.
#[derive(Clone)]
pub(super) struct Block(Box<[u64; WORDS]>);

impl Block {
    /// None of them.
    pub(super) fn none() -> Block {
        Block(Box::new([0; WORDS]))
    }

    /// The first so many of them.
    pub(super) fn first(count: u32) -> Block {
        let mut block = Block::none();
        for (word, start) in block.0.iter_mut().zip((0..).step_by(64)) {
            *word = match count.saturating_sub(start) {
                bits @ 0..64 => (1 << bits) - 1,
                _ => u64::MAX,
            };
        }
        block
    }

    /// One more.
    pub(super) fn add(&mut self, at: u16) {
        self.0[usize::from(at / 64)] |= 1 << (at % 64);
    }

    /// Those of a kept block as well. None when its bytes are not such a block.
    pub(super) fn add_kept(&mut self, bytes: &[u8]) -> Option<()> {
        match bytes.split_first()? {
            (&EACH, each) => {
                let (each, rest) = each.as_chunks::<2>();
                each.iter().for_each(|at| self.add(u16::from_le_bytes(*at)));
                rest.is_empty().then_some(())
            }
            (&BITS, bits) => {
                let (bits, rest) = bits.as_chunks::<8>();
                self.0.iter_mut().zip(bits).for_each(|(own, bits)| *own |= u64::from_le_bytes(*bits));
                (rest.is_empty() && bits.len() <= WORDS).then_some(())
            }
            _ => None,
        }
    }

    /// Those of another one as well.
    pub(super) fn join(&mut self, other: &Block) {
        self.0.iter_mut().zip(other.0.iter()).for_each(|(own, other)| *own |= other);
    }

    /// Only those that another one has too.
    pub(super) fn meet(&mut self, other: &Block) {
        self.0.iter_mut().zip(other.0.iter()).for_each(|(own, other)| *own &= other);
    }

    pub(super) fn has(&self, at: u16) -> bool {
        self.0[usize::from(at / 64)] & (1 << (at % 64)) != 0
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    /// In order, from one on.
    pub(super) fn from(&self, first: u32) -> impl Iterator<Item = u32> + '_ {
        let words = self.0.iter().zip((0_u32..).step_by(64));
        words.flat_map(move |(word, start)| {
            let mut left = match first.saturating_sub(start) {
                passed @ 0..64 => word & (u64::MAX << passed),
                _ => 0,
            };
            std::iter::from_fn(move || {
                let bit = left.trailing_zeros();
                left &= left.checked_sub(1)?;
                Some(start + bit)
            })
        })
    }
}

/// Ranks in increasing order as they are kept: blocks by number, none of them empty.
pub(super) fn kept(ranks: &[u32]) -> impl Iterator<Item = (u16, Vec<u8>)> + '_ {
    ranks.chunk_by(|one, next| within(*one).0 == within(*next).0).map(|ranks| {
        let number = ranks.first().map_or(0, |rank| within(*rank).0);
        let words = ranks.last().map_or(0, |rank| usize::from(within(*rank).1 / 64) + 1);
        if ranks.len() * 2 <= words * 8 {
            let each = ranks.iter().flat_map(|rank| within(*rank).1.to_le_bytes());
            return (number, std::iter::once(EACH).chain(each).collect());
        }
        let mut block = Block::none();
        ranks.iter().for_each(|rank| block.add(within(*rank).1));
        let bits = block.0[..words].iter().flat_map(|word| word.to_le_bytes());
        (number, std::iter::once(BITS).chain(bits).collect())
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn read(ranks: &BTreeSet<u32>) -> BTreeSet<u32> {
        let ranks: Vec<u32> = ranks.iter().copied().collect();
        let mut read = BTreeSet::new();
        for (number, bytes) in kept(&ranks) {
            let mut block = Block::none();
            block.add_kept(&bytes).expect("a block");
            read.extend(block.from(0).map(|at| u32::from(number) << 16 | at));
        }
        read
    }

    proptest! {
        #[test]
        fn what_is_kept_is_what_was_there(
            sparse in prop::collection::btree_set(0..300_000_u32, 0..200),
            dense in prop::collection::btree_set(65_000..66_500_u32, 0..1500),
            first in 0..70_000_u32,
        ) {
            let all: BTreeSet<u32> = sparse.union(&dense).copied().collect();
            prop_assert_eq!(read(&all), all.clone());
            let mut block = Block::none();
            all.iter().filter(|rank| **rank < SIZE).for_each(|rank| block.add(within(*rank).1));
            let from: Vec<u32> = block.from(first).collect();
            let wanted: Vec<u32> = all.range(first.min(SIZE)..SIZE).copied().collect();
            prop_assert_eq!(from, wanted);
        }
    }

    #[test]
    fn the_first_so_many_are_those() {
        for count in [0, 1, 63, 64, 65, 1000, SIZE - 1, SIZE] {
            assert!(Block::first(count).from(0).eq(0..count), "{count}");
        }
    }

    #[test]
    fn bytes_that_are_no_block_are_refused() {
        for bytes in [&[][..], &[2], &[0, 1], &[1, 0], &[1; 8 * WORDS + 9]] {
            assert!(Block::none().add_kept(bytes).is_none());
        }
    }
}
