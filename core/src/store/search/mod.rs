//! Searching candidates by last name, first name and number.
//!
//! Candidates are *ranked* by last name, first name and number; the index says which ranks a beginning finds. A
//! page of results reads some blocks of ranks from where the page before ended; nothing is held in memory between
//! two searches.

mod block;
mod index;
mod lists;
mod words;

pub(super) use index::{Name, entries};

use self::block::within;
use self::index::Of;
use self::lists::{List, Query};
use super::StoreError;
use super::leaves;
use super::tables::Table;

/// A query is read up to this many characters, and so many words.
const QUERY_LIMIT: usize = 1000;

/// What is looked for among an exam's candidates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Search<'a> {
    /// Words that must each begin a word of the last name, the first name or the number, in any order; accents,
    /// case, hyphens and apostrophes are ignored (DOMAIN, *Editing the copies*). Without any, everyone is found.
    pub query: &'a str,
    /// Only candidates of this school.
    pub school: Option<&'a str>,
    /// Only those who come after the candidate at this place, whom the query must find as well.
    pub after: Option<u32>,
    /// How many at most.
    pub limit: usize,
}

/// Candidates that were found, by last name, first name and number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SearchPage {
    /// Their places.
    pub places: Vec<u32>,
    /// Whether there are more of them.
    pub more: bool,
}

/// The index of a generation, to be read.
#[derive(Clone, Copy)]
pub(super) struct Index<'t> {
    pub(super) table: &'t Table,
    pub(super) generation: u32,
    /// How many candidates there are.
    pub(super) people: u32,
}

impl Index<'_> {
    /// The candidates that are found and that `is_seen` lets pass, by place; none when the one to come after is
    /// not among those that the query finds.
    pub(super) fn find(
        &self,
        search: &Search<'_>,
        is_seen: &mut dyn FnMut(u32) -> Result<bool, StoreError>,
    ) -> Result<Option<SearchPage>, StoreError> {
        let query: String = search.query.chars().take(QUERY_LIMIT).collect();
        let query = Query::of(self, &query)?;
        let after = search.after.map(|place| Row::of(Of::Places).number(self, place)).transpose()?;
        if let Some(after) = after {
            let (number, at) = within(after);
            if !query.block(self, number)?.is_some_and(|block| block.has(at)) {
                return Ok(None);
            }
        }
        let school = search.school.map(List::of_school);
        let first = after.map_or(0, |after| after.saturating_add(1));
        let (mut page, mut row) = (SearchPage::default(), Row::of(Of::Ranks));
        for number in within(first).0..=within(self.people.saturating_sub(1)).0 {
            let own = match &school {
                None => None,
                Some(school) => match school.block(self, number)? {
                    None => continue,
                    own => own,
                },
            };
            let Some(mut found) = query.block(self, number)? else { continue };
            if let Some(own) = own {
                found.meet(&own);
            }
            let start = u32::from(number) << 16;
            for at in found.from(first.saturating_sub(start)) {
                let place = row.number(self, start | at)?;
                if !is_seen(place)? {
                    continue;
                }
                if page.places.len() >= search.limit {
                    page.more = true;
                    return Ok(Some(page));
                }
                page.places.push(place);
            }
        }
        Ok(Some(page))
    }

    /// The place of the script with this id, or of the candidate who might have had it.
    pub(super) fn place_of_script(&self, id: &[u8; 16]) -> Result<Option<u32>, StoreError> {
        let Some(place) = self.get(&index::id_key(id))? else { return Ok(None) };
        match place.as_ref().try_into() {
            Ok(place) => Ok(Some(u32::from_be_bytes(place))),
            Err(_) => Err(inconsistent("the place of a script's id is cut short")),
        }
    }

    /// The entries from a key on.
    fn from(&self, key: &[u8]) -> Result<leaves::Entries, StoreError> {
        leaves::from(self.table, self.generation, key)
    }

    /// The value under a key.
    fn get(&self, key: &[u8]) -> Result<Option<sled::IVec>, StoreError> {
        let entry = self.from(key)?.next().transpose()?;
        Ok(entry.filter(|(found, _)| found == key).map(|(_, value)| value))
    }
}

/// Rows of places or ranks, and the one that was read last.
struct Row {
    of: Of,
    last: Option<(u32, sled::IVec)>,
}

impl Row {
    fn of(of: Of) -> Row {
        Row { of, last: None }
    }

    /// The place of a rank, or the rank of a place.
    fn number(&mut self, index: &Index<'_>, at: u32) -> Result<u32, StoreError> {
        let (row, within) = (at / index::ROW, (at % index::ROW) as usize);
        if self.last.as_ref().is_none_or(|(held, _)| *held != row) {
            self.last = index.get(&index::row_key(self.of, row))?.map(|numbers| (row, numbers));
        }
        let number = self.last.as_ref().and_then(|(_, numbers)| numbers.as_chunks::<4>().0.get(within));
        let missing = || inconsistent("the search index names a candidate it does not hold");
        number.map(|number| u32::from_le_bytes(*number)).ok_or_else(missing)
    }
}

fn inconsistent(detail: &str) -> StoreError {
    StoreError::Inconsistent { detail: detail.to_owned() }
}

#[cfg(test)]
mod tests;
