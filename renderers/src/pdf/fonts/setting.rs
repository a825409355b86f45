//! Setting a text that is not all in the shared blocks: order, faces, shapes.
//!
//! The text is ordered by the bidirectional algorithm (UAX 9), cut into clusters (a letter with
//! its marks), each cluster is given a face, and neighbours of one face and script are shaped
//! together by HarfBuzz's rules.

use std::ops::Range;

use unicode_bidi::ParagraphBidiInfo;
use unicode_general_category::{GeneralCategory, get_general_category};
use unicode_normalization::UnicodeNormalization;
use unicode_script::Script;

use super::FontRole;
use super::blocks::{Entry, Lookup};
use super::faces::{FaceId, Faces, is_ignorable, is_shared, script_of};
use super::shaping::{self, Shaped};

/// Shown for what no face has; in the shared Latin block of both weights.
const BOX: char = '▯';

/// A text set, from left to right.
#[derive(Debug, Default)]
pub(super) struct Setting {
    /// The text, without what is never shown; the ranges below are in it.
    pub(super) text: String,
    /// What is shown.
    pub(super) items: Vec<Item>,
    /// Whether it reads from right to left.
    pub(super) reads_leftward: bool,
}

/// A piece of a line.
#[derive(Debug)]
pub(super) enum Item {
    /// A character of a shared block.
    Shared {
        /// How it is shown.
        entry: Entry,
        /// What it stands for, where that is not the character itself.
        stands_for: Option<char>,
    },
    /// Glyphs of one face.
    Word(Word),
}

/// Some text shaped in one face.
#[derive(Debug)]
pub(super) struct Word {
    /// The face.
    pub(super) face: FaceId,
    /// The text it spells.
    pub(super) text: Range<usize>,
    /// Its glyphs.
    pub(super) shaped: Shaped,
}

impl Setting {
    /// The sum of all advances and moves, in thousandths of an em.
    pub(super) fn width(&self) -> i32 {
        self.items.iter().map(Item::width).fold(0, i32::saturating_add)
    }
}

impl Item {
    fn width(&self) -> i32 {
        match self {
            Item::Shared { entry, .. } => i32::from(entry.width),
            Item::Word(word) => word.shaped.width(),
        }
    }
}

/// What shows one cluster.
enum Shown {
    Shared(Entry),
    Face(FaceId, Script),
    Nothing,
}

/// Sets a line. See the module's text.
pub(super) fn set(faces: &Faces, lookup: &Lookup, role: FontRole, text: &str) -> Setting {
    let mut setting = Setting { text: cleaned(lookup, text), ..Setting::default() };
    if setting.text.is_empty() {
        return setting;
    }
    let text = setting.text.clone();
    let bidi = ParagraphBidiInfo::new(&text, None);
    setting.reads_leftward = bidi.paragraph_level.is_rtl();
    let (levels, runs) = bidi.visual_runs(0..text.len());
    for run in runs {
        let leftward = levels.get(run.start).is_some_and(|level| level.is_rtl());
        let mut setter = Setter { faces, lookup, role, text: &text, leftward, items: Vec::new() };
        setter.run(run);
        if leftward {
            setter.items.reverse();
        }
        setting.items.append(&mut setter.items);
    }
    setting
}

/// The text with separators as spaces, without controls, and with nothing in it that is no
/// character at all.
fn cleaned(lookup: &Lookup, text: &str) -> String {
    text.chars()
        .filter(|ch| !lookup.get(*ch).is_dropped())
        .map(|ch| match ch {
            '\t'..='\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => ' ',
            // Noncharacters may not stand in a PDF's text.
            '\u{FDD0}'..='\u{FDEF}' => '\u{FFFD}',
            ch if u32::from(ch) & 0xFFFE == 0xFFFE => '\u{FFFD}',
            ch => ch,
        })
        .collect()
}

/// Sets one run of a single direction, in logical order.
struct Setter<'a> {
    faces: &'a Faces,
    lookup: &'a Lookup,
    role: FontRole,
    text: &'a str,
    leftward: bool,
    items: Vec<Item>,
}

impl Setter<'_> {
    fn run(&mut self, run: Range<usize>) {
        let mut open: Option<(Range<usize>, FaceId, Script)> = None;
        for cluster in clusters(self.text, run) {
            let neighbour = open.as_ref().map(|(_, face, _)| *face);
            match self.shown(&self.text[cluster.clone()], neighbour) {
                Shown::Face(face, script) => match &mut open {
                    Some((word, same, of)) if *same == face && goes_with(*of, script) => {
                        word.end = cluster.end;
                        if is_shared(*of) {
                            *of = script;
                        }
                    }
                    _ => {
                        self.close(&mut open);
                        open = Some((cluster, face, script));
                    }
                },
                Shown::Shared(entry) => {
                    self.close(&mut open);
                    self.shared(cluster, entry);
                }
                Shown::Nothing => {
                    self.close(&mut open);
                    self.boxes(cluster);
                }
            }
        }
        self.close(&mut open);
    }

    fn shown(&self, cluster: &str, neighbour: Option<FaceId>) -> Shown {
        // Marks are composed with their letter where Unicode has both as one character.
        let mut composed = cluster.nfc().filter(|ch| !is_ignorable(*ch));
        if let (Some(ch), None) = (composed.next(), composed.next()) {
            let entry = self.lookup.get(ch);
            if entry.is_shown() {
                return Shown::Shared(*entry);
            }
        }
        match self.faces.choose(self.role, cluster, neighbour) {
            Some(face) => Shown::Face(face, script_of(cluster)),
            None => Shown::Nothing,
        }
    }

    /// A character of a shared block, turned round when it is a bracket read leftward.
    fn shared(&mut self, cluster: Range<usize>, entry: Entry) {
        let stands_for = self.text[cluster].chars().next().filter(|_| self.leftward);
        let mirror = stands_for.and_then(mirrored).map(|ch| *self.lookup.get(ch));
        self.items.push(match mirror.filter(|entry| entry.is_shown()) {
            Some(entry) => Item::Shared { entry, stands_for },
            None => Item::Shared { entry, stands_for: None },
        });
    }

    /// A box for each character of a cluster that no face shows.
    fn boxes(&mut self, cluster: Range<usize>) {
        let entry = *self.lookup.get(BOX);
        for ch in self.text[cluster].chars().filter(|ch| !is_ignorable(*ch)) {
            self.items.push(Item::Shared { entry, stands_for: Some(ch) });
        }
    }

    fn close(&mut self, open: &mut Option<(Range<usize>, FaceId, Script)>) {
        let Some((range, id, script)) = open.take() else { return };
        let Some(face) = self.faces.get(id) else { return };
        match shaping::word(face, script, self.text, range.clone(), self.leftward) {
            Some(shaped) => self.items.push(Item::Word(Word { face: id, text: range, shaped })),
            None => self.boxes(range),
        }
    }
}

fn goes_with(a: Script, b: Script) -> bool {
    a == b || is_shared(a) || is_shared(b) || (is_east_asian(a) && is_east_asian(b))
}

fn is_east_asian(script: Script) -> bool {
    matches!(script, Script::Han | Script::Hiragana | Script::Katakana | Script::Bopomofo)
}

/// The clusters of a run: a character with all that attaches to it.
fn clusters(text: &str, run: Range<usize>) -> impl Iterator<Item = Range<usize>> {
    let mut rest = text[run.clone()].char_indices().map(move |(at, ch)| (run.start + at, ch)).peekable();
    std::iter::from_fn(move || {
        // Direction marks and the like have done their work.
        let (start, first) = rest.find(|(_, ch)| !is_ignorable(*ch))?;
        let mut end = start + first.len_utf8();
        while let Some((at, ch)) = rest.next_if(|(_, ch)| attaches(*ch)) {
            end = at + ch.len_utf8();
        }
        Some(start..end)
    })
}

/// Whether a character belongs to the one before it: marks, joiners, variation selectors, skin
/// tones, tags.
fn attaches(ch: char) -> bool {
    matches!(ch, '\u{200C}' | '\u{200D}' | '\u{FE00}'..='\u{FE0F}' | '\u{1F3FB}'..='\u{1F3FF}')
        || matches!(ch, '\u{E0020}'..='\u{E007F}' | '\u{E0100}'..='\u{E01EF}')
        || matches!(
            get_general_category(ch),
            GeneralCategory::NonspacingMark | GeneralCategory::SpacingMark | GeneralCategory::EnclosingMark
        )
}

/// The other of a pair of brackets and the like (the common part of Unicode's `BidiMirroring`).
fn mirrored(ch: char) -> Option<char> {
    const PAIRS: &str = "()[]{}<>«»‹›≤≥≦≧≪≫⟨⟩⟦⟧⟪⟫⌈⌉⌊⌋∈∋⊂⊃⊆⊇≺≻";
    let mut rest = PAIRS.chars();
    while let (Some(left), Some(right)) = (rest.next(), rest.next()) {
        if ch == left {
            return Some(right);
        }
        if ch == right {
            return Some(left);
        }
    }
    None
}
