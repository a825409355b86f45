//! Whom a beginning, several of them, or a whole query finds: block by block, read when it is wanted.

use super::block::{Block, within};
use super::index::{BEGINNING, MANY, WORD, school_key};
use super::{Index, inconsistent, words};
use crate::store::StoreError;

/// Ranks that something finds.
pub(super) enum List {
    /// Few, in order.
    Few(Vec<u32>),
    /// Many, in blocks under keys that begin so.
    Kept(Vec<u8>),
}

impl List {
    /// Of the beginning of a word.
    fn of(index: &Index<'_>, beginning: &str) -> Result<List, StoreError> {
        let key = [beginning.as_bytes(), &[BEGINNING]].concat();
        let mut ranks = Vec::new();
        for entry in index.from(beginning.as_bytes())? {
            let (found, bytes) = entry?;
            if found.starts_with(&key) {
                return Ok(List::Kept(key));
            }
            if !found.starts_with(beginning.as_bytes()) {
                break;
            }
            let Some((number, [.., WORD])) =
                found.split_last_chunk::<2>().map(|(text, number)| (number, text))
            else {
                return Err(inconsistent("an entry of the search index has a key of no kind"));
            };
            let block = read(&bytes)?;
            let start = u32::from(u16::from_be_bytes(*number)) << 16;
            ranks.extend(block.from(0).map(|at| start | at));
            if ranks.len() > MANY {
                return Err(inconsistent(
                    "the search index does not say who is found by a beginning of many",
                ));
            }
        }
        ranks.sort_unstable();
        ranks.dedup();
        Ok(List::Few(ranks))
    }

    /// Of a school's candidates.
    pub(super) fn of_school(uai: &str) -> List {
        List::Kept(school_key(uai))
    }

    fn is_empty(&self) -> bool {
        matches!(self, List::Few(ranks) if ranks.is_empty())
    }

    /// How much is likely to be found: what finds least is asked first. Long beginnings find less than short ones.
    fn likely(&self) -> (usize, usize) {
        match self {
            List::Few(ranks) => (0, ranks.len()),
            List::Kept(key) => (1, usize::MAX - key.len()),
        }
    }

    /// Those of a block.
    pub(super) fn block(&self, index: &Index<'_>, number: u16) -> Result<Option<Block>, StoreError> {
        match self {
            List::Few(ranks) => {
                let start = ranks.partition_point(|rank| within(*rank).0 < number);
                let mut own = ranks[start..].iter().map(|rank| within(*rank)).peekable();
                if own.peek().is_none_or(|(block, _)| *block != number) {
                    return Ok(None);
                }
                let mut block = Block::none();
                own.take_while(|(block, _)| *block == number).for_each(|(_, at)| block.add(at));
                Ok(Some(block))
            }
            List::Kept(key) => {
                let bytes = index.get(&[key, number.to_be_bytes().as_slice()].concat())?;
                bytes.map(|bytes| read(&bytes)).transpose()
            }
        }
    }
}

fn read(bytes: &[u8]) -> Result<Block, StoreError> {
    let mut block = Block::none();
    let read = block.add_kept(bytes);
    read.map(|()| block).ok_or_else(|| inconsistent("a block of the search index is cut short"))
}

/// Whom a query finds: those whom all words of one of its ways find.
pub(super) enum Query {
    Everyone,
    Ways(Vec<Vec<List>>),
}

impl Query {
    pub(super) fn of(index: &Index<'_>, text: &str) -> Result<Query, StoreError> {
        let ways = words::ways(text);
        if ways.is_empty() {
            return Ok(Query::Everyone);
        }
        let mut found = Vec::new();
        for mut way in ways {
            // A long word finds few, and when it finds none the others need not be looked up.
            way.sort_unstable_by(|one, other| other.len().cmp(&one.len()).then_with(|| one.cmp(other)));
            let mut lists = Vec::new();
            for (at, word) in way.iter().enumerate() {
                if way[..at].iter().any(|longer| longer.starts_with(word)) {
                    // Whoever is found by the longer one is found by it.
                    continue;
                }
                lists.push(List::of(index, word)?);
                if lists.last().is_some_and(List::is_empty) {
                    break;
                }
            }
            if !lists.iter().any(List::is_empty) {
                lists.sort_unstable_by_key(List::likely);
                found.push(lists);
            }
        }
        Ok(Query::Ways(found))
    }

    /// Those of a block; none when that is nobody.
    pub(super) fn block(&self, index: &Index<'_>, number: u16) -> Result<Option<Block>, StoreError> {
        let Query::Ways(ways) = self else {
            let before = u32::from(number) << 16;
            return Ok(Some(Block::first(index.people.saturating_sub(before))));
        };
        let mut all: Option<Block> = None;
        for way in ways {
            let Some(found) = of_all(index, way, number)? else { continue };
            match &mut all {
                Some(all) => all.join(&found),
                None => all = Some(found),
            }
        }
        Ok(all)
    }
}

/// Those of a block whom all lists have.
fn of_all(index: &Index<'_>, lists: &[List], number: u16) -> Result<Option<Block>, StoreError> {
    let mut common: Option<Block> = None;
    for list in lists {
        let Some(found) = list.block(index, number)? else { return Ok(None) };
        match &mut common {
            Some(common) => common.meet(&found),
            None => common = Some(found),
        }
        if common.as_ref().is_some_and(Block::is_empty) {
            return Ok(None);
        }
    }
    Ok(common)
}
