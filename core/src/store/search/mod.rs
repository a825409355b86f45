//! Searching candidates by last name, first name and number.

mod index;
mod words;

pub(super) use index::{Name, entries};

use super::StoreError;
use super::leaves;
use super::tables::Table;

/// A query is read up to this many characters.
const QUERY_LIMIT: usize = 1000;

/// The numbers of the candidates that a query finds; see `ExamView::search`.
pub(super) fn find(
    table: &Table,
    generation: u32,
    query: &str,
    limit: usize,
) -> Result<Vec<String>, StoreError> {
    let query: String = query.chars().take(QUERY_LIMIT).collect();
    let ways = words::ways(&query);
    if ways.is_empty() {
        return everyone(table, generation, limit);
    }
    let mut ranks = Vec::new();
    for way in ways {
        ranks.extend(found_by_all(table, generation, way)?);
    }
    ranks.sort_unstable();
    ranks.dedup();
    ranks.into_iter().take(limit).map(|rank| number(table, generation, rank)).collect()
}

/// The first candidates there are.
fn everyone(table: &Table, generation: u32, limit: usize) -> Result<Vec<String>, StoreError> {
    let mut everyone = Vec::new();
    for row in beginning_with(table, generation, &[0])? {
        if everyone.len() >= limit {
            break;
        }
        everyone.extend(numbers(&row?)?.into_iter().map(str::to_owned));
    }
    everyone.truncate(limit);
    Ok(everyone)
}

/// The ranks found by every one of the words, sorted.
fn found_by_all(table: &Table, generation: u32, mut words: Vec<String>) -> Result<Vec<u32>, StoreError> {
    // A long word finds few, and when it finds none the others need not be looked up.
    words.sort_unstable_by_key(|word| std::cmp::Reverse(word.len()));
    words.dedup();
    let mut words = words.into_iter();
    let mut found = match words.next() {
        Some(word) => found_by(table, generation, &word)?,
        None => Vec::new(),
    };
    for word in words {
        if found.is_empty() {
            break;
        }
        let others = found_by(table, generation, &word)?;
        found.retain(|rank| others.binary_search(rank).is_ok());
    }
    Ok(found)
}

/// The ranks found by the beginning of a word, sorted.
fn found_by(table: &Table, generation: u32, word: &str) -> Result<Vec<u32>, StoreError> {
    let mut ranks = Vec::new();
    for postings in beginning_with(table, generation, word.as_bytes())? {
        let postings = postings?;
        let (postings, rest) = postings.as_chunks::<4>();
        if !rest.is_empty() {
            return Err(inconsistent("an entry of the search index is cut short"));
        }
        ranks.extend(postings.iter().map(|rank| u32::from_le_bytes(*rank)));
    }
    ranks.sort_unstable();
    ranks.dedup();
    Ok(ranks)
}

fn number(table: &Table, generation: u32, rank: u32) -> Result<String, StoreError> {
    let (row, place) = index::row_of(rank);
    let found = beginning_with(table, generation, &row)?.next().transpose()?;
    let number = match &found {
        Some(row) => numbers(row)?.get(place).map(|number| (*number).to_owned()),
        None => None,
    };
    number.ok_or_else(|| inconsistent("the search index names a candidate it does not hold"))
}

fn numbers(row: &[u8]) -> Result<Vec<&str>, StoreError> {
    index::row_numbers(row).ok_or_else(|| inconsistent("a row of the search index is cut short"))
}

/// The values of the entries whose keys begin so, in order.
fn beginning_with(
    table: &Table,
    generation: u32,
    beginning: &[u8],
) -> Result<impl Iterator<Item = Result<sled::IVec, StoreError>>, StoreError> {
    let entries = leaves::from(table, generation, beginning)?;
    let is_in = |entry: &Result<(sled::IVec, _), _>| match entry {
        Ok((key, _)) => key.starts_with(beginning),
        Err(_) => true,
    };
    Ok(entries.take_while(is_in).map(|entry| entry.map(|(_, value)| value)))
}

fn inconsistent(detail: &str) -> StoreError {
    StoreError::Inconsistent { detail: detail.to_owned() }
}

#[cfg(test)]
mod tests;
