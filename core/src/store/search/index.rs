//! The index of one generation: what is written, entry by entry.

use super::words::{sort_key, words_of};

/// How many ranks one entry holds: 16 KiB, a quarter of what a value may be.
pub(super) const CHUNK: usize = 4096;

/// What the index needs of a candidate.
pub(crate) struct Name {
    pub(crate) last_name: String,
    pub(crate) first_name: String,
    pub(crate) number: String,
}

/// How many ranks share one entry of candidate numbers.
const ROW: u32 = 64;

/// The key under which a rank's candidate number is, without the generation, and its place there.
/// No word begins with a zero byte.
pub(super) fn row_of(rank: u32) -> ([u8; 5], usize) {
    let [a, b, c, d] = (rank / ROW).to_be_bytes();
    ([0, a, b, c, d], (rank % ROW) as usize)
}

/// The numbers in such an entry, in the order of their ranks; nothing when it is cut short.
pub(super) fn row_numbers(row: &[u8]) -> Option<Vec<&str>> {
    let mut numbers = Vec::new();
    let mut rest = row;
    while !rest.is_empty() {
        let (length, after) = rest.split_first_chunk::<2>()?;
        let (number, after) = after.split_at_checked(usize::from(u16::from_le_bytes(*length)))?;
        numbers.push(std::str::from_utf8(number).ok()?);
        rest = after;
    }
    Some(numbers)
}

/// All entries of the index of these candidates, sorted by key: keys without the generation.
///
/// Candidates are ranked by last name, first name and number. An entry is either a row of 64 ranks
/// and their candidates' numbers (each after its length in two bytes), or a word, a zero byte and a running number with the ranks found by the
/// word in increasing order, four bytes little-endian each.
pub(crate) fn entries(names: Vec<Name>) -> impl Iterator<Item = (Vec<u8>, Vec<u8>)> {
    let mut ranked: Vec<_> = names
        .into_iter()
        .map(|name| {
            let keys = [sort_key(&name.last_name), sort_key(&name.first_name), sort_key(&name.number)];
            (keys, name)
        })
        .collect();
    ranked.sort_unstable_by(|(keys, name), (other_keys, other)| {
        keys.cmp(other_keys).then_with(|| name.number.cmp(&other.number))
    });
    let mut found: Vec<(String, u32)> = Vec::with_capacity(ranked.len() * 4);
    for ((_, name), rank) in ranked.iter().zip(0_u32..) {
        for field in [&name.last_name, &name.first_name, &name.number] {
            found.extend(words_of(field).map(|word| (word, rank)));
        }
    }
    found.sort_unstable();
    found.dedup();
    let rows: Vec<_> = ranked
        .chunks(ROW as usize)
        .zip((0_u32..).step_by(ROW as usize))
        .map(|(row, rank)| {
            let mut numbers = Vec::new();
            for (_, name) in row {
                // A candidate's record would not fit the database long before this saturates.
                let length = u16::try_from(name.number.len()).unwrap_or(u16::MAX);
                numbers.extend_from_slice(&length.to_le_bytes());
                numbers.extend_from_slice(name.number.as_bytes());
            }
            (row_of(rank).0.to_vec(), numbers)
        })
        .collect();
    let mut found = found.into_iter().peekable();
    let mut chunk = 0_u32;
    let mut before: Option<String> = None;
    let words = std::iter::from_fn(move || {
        let (word, rank) = found.next()?;
        chunk = if before.as_ref() == Some(&word) { chunk + 1 } else { 0 };
        let mut ranks = rank.to_le_bytes().to_vec();
        while ranks.len() < CHUNK * 4 {
            let Some((_, rank)) = found.next_if(|(next, _)| *next == word) else { break };
            ranks.extend_from_slice(&rank.to_le_bytes());
        }
        let mut key = Vec::with_capacity(word.len() + 5);
        key.extend_from_slice(word.as_bytes());
        key.push(0);
        key.extend_from_slice(&chunk.to_be_bytes());
        before = Some(word);
        Some((key, ranks))
    });
    rows.into_iter().chain(words)
}
