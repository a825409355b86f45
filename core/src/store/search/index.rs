//! The index of one generation: what is written, entry by entry.
//!
//! | key, without the generation | value |
//! |---|---|
//! | 0, number of a row | the places of 256 ranks, four bytes little-endian each |
//! | 1, number of a row | the ranks of 256 places, likewise |
//! | 2, id of a script | its place, four bytes big-endian |
//! | 3, UAI, 0, number of a block | the ranks of a school's candidates |
//! | beginning of words, 0, number of a block | the ranks that it finds, if they are many |
//! | word, 1, number of a block | the ranks that the whole word finds, if they are not many |
//!
//! A beginning that finds many is looked up; one that finds few is put together from the words it begins.

use std::collections::{BTreeMap, VecDeque};

use super::block;
use super::words::{sort_key, words_of};

/// More than so many words begin with what is kept as a list of its own: that many entries are read in a fraction
/// of a millisecond.
pub(super) const MANY: usize = 2048;

/// What follows the text in a key.
pub(super) const BEGINNING: u8 = 0;
pub(super) const WORD: u8 = 1;

/// How many ranks share one entry of places, and places one of ranks.
pub(super) const ROW: u32 = 256;

/// What the index needs of a candidate.
pub(crate) struct Name<'a> {
    pub(crate) last_name: &'a str,
    pub(crate) first_name: &'a str,
    pub(crate) number: &'a str,
    pub(crate) school: &'a str,
    /// The id that the candidate's script has, or would have.
    pub(crate) script: [u8; 16],
}

/// What candidates are ranked by.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Standing([String; 3], String);

impl Standing {
    pub(super) fn of(last_name: &str, first_name: &str, number: &str) -> Standing {
        Standing([sort_key(last_name), sort_key(first_name), sort_key(number)], number.to_owned())
    }
}

/// What is kept in rows.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Of {
    /// The place of each rank.
    Ranks,
    /// The rank of each place.
    Places,
}

/// The key of a row. No word begins with such a byte.
pub(super) fn row_key(of: Of, number: u32) -> [u8; 5] {
    let [a, b, c, d] = number.to_be_bytes();
    [u8::from(of == Of::Places), a, b, c, d]
}

/// Numbers in rows.
fn rows(of: Of, numbers: Vec<u32>) -> impl Iterator<Item = (Vec<u8>, Vec<u8>)> {
    (0..numbers.len()).step_by(ROW as usize).zip(0..).map(move |(start, row)| {
        let end = numbers.len().min(start + ROW as usize);
        let row = row_key(of, row).to_vec();
        (row, numbers[start..end].iter().flat_map(|number| number.to_le_bytes()).collect())
    })
}

/// The key of a script's id.
pub(super) fn id_key(id: &[u8; 16]) -> Vec<u8> {
    [&[2], id.as_slice()].concat()
}

/// What the keys of a school's blocks begin with.
pub(super) fn school_key(uai: &str) -> Vec<u8> {
    [&[3], uai.as_bytes(), &[0]].concat()
}

/// All entries of the index of these candidates, who are given by place; sorted by key.
pub(crate) fn entries<'a>(names: impl Iterator<Item = Name<'a>>) -> impl Iterator<Item = (Vec<u8>, Vec<u8>)> {
    let mut ids = Vec::new();
    let mut ranked: Vec<(Standing, Name<'_>, u32)> = names
        .zip(0_u32..)
        .map(|(name, place)| {
            ids.push((name.script, place));
            (Standing::of(name.last_name, name.first_name, name.number), name, place)
        })
        .collect();
    ids.sort_unstable();
    ranked.sort_unstable_by(|(one, _, _), (other, _, _)| one.cmp(other));
    let mut words = Words::default();
    let mut schools: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
    for ((_, name, _), rank) in ranked.iter().zip(0_u32..) {
        for field in [name.last_name, name.first_name, name.number] {
            words_of(field).for_each(|word| words.add(&word, rank));
        }
        schools.entry(name.school).or_default().push(rank);
    }
    let schools: Vec<_> =
        schools.into_iter().flat_map(|(uai, ranks)| keyed(&school_key(uai), &ranks)).collect();
    let places: Vec<u32> = ranked.into_iter().map(|(_, _, place)| place).collect();
    let mut ranks = vec![0; places.len()];
    for (place, rank) in places.iter().zip(0_u32..) {
        if let Some(own) = ranks.get_mut(*place as usize) {
            *own = rank;
        }
    }
    let ids = ids.into_iter().map(|(id, place)| (id_key(&id), place.to_be_bytes().to_vec()));
    rows(Of::Ranks, places).chain(rows(Of::Places, ranks)).chain(ids).chain(schools).chain(words.entries())
}

/// Ranks in increasing order as entries under a key.
fn keyed(key: &[u8], ranks: &[u32]) -> Vec<(Vec<u8>, Vec<u8>)> {
    block::kept(ranks).map(|(number, bytes)| ([key, &number.to_be_bytes()].concat(), bytes)).collect()
}

/// Words with the ranks that they find, in little memory: one after another in one text.
#[derive(Default)]
struct Words {
    text: String,
    /// Where a word begins in the text, how long it is, whom it finds.
    found: Vec<(usize, u16, u32)>,
}

impl Words {
    fn add(&mut self, word: &str, rank: u32) {
        // A word has at most 64 characters.
        let length = u16::try_from(word.len()).unwrap_or_default();
        self.found.push((self.text.len(), length, rank));
        self.text.push_str(word);
    }

    fn entries(mut self) -> impl Iterator<Item = (Vec<u8>, Vec<u8>)> {
        let text = &self.text;
        let word =
            |&(start, length, rank): &(usize, u16, u32)| (&text[start..start + usize::from(length)], rank);
        self.found.sort_unstable_by(|one, other| word(one).cmp(&word(other)));
        self.found.dedup_by(|one, other| word(one) == word(other));
        let mut at = 0;
        let mut ready = VecDeque::new();
        std::iter::from_fn(move || {
            while ready.is_empty() && at < self.found.len() {
                at = self.next(at, &mut ready);
            }
            ready.pop_front()
        })
    }

    fn word(&self, at: usize) -> &str {
        self.found.get(at).map_or("", |(start, length, _)| &self.text[*start..*start + usize::from(*length)])
    }

    /// The entries that come with the word at a place: of those of its beginnings that no word before it has, of
    /// itself. Gives the place of the next word.
    fn next(&self, at: usize, ready: &mut VecDeque<(Vec<u8>, Vec<u8>)>) -> usize {
        let word = self.word(at);
        let before = if at > 0 { self.word(at - 1) } else { "" };
        let ends = word.char_indices().map(|(start, letter)| start + letter.len_utf8());
        let mut many = true;
        for beginning in ends.map(|end| &word[..end]) {
            // They lie together, so whether there are many is asked of one of them.
            many = self.word(at + MANY).starts_with(beginning);
            if !many {
                break;
            }
            if !before.starts_with(beginning) {
                let count = self.found[at..].partition_point(|(start, length, _)| {
                    self.text[*start..*start + usize::from(*length)].starts_with(beginning)
                });
                self.put(at..at + count, beginning, BEGINNING, ready);
            }
        }
        let count = self.found[at..]
            .partition_point(|(start, length, _)| self.text[*start..*start + usize::from(*length)] == *word);
        if !many {
            self.put(at..at + count, word, WORD, ready);
        }
        // Never stays where it is.
        at + count.max(1)
    }

    fn put(
        &self,
        found: std::ops::Range<usize>,
        text: &str,
        marker: u8,
        ready: &mut VecDeque<(Vec<u8>, Vec<u8>)>,
    ) {
        let mut ranks: Vec<u32> = self.found[found].iter().map(|(_, _, rank)| *rank).collect();
        ranks.sort_unstable();
        ranks.dedup();
        ready.extend(keyed(&[text.as_bytes(), &[marker]].concat(), &ranks));
    }
}
