//! How wide words are, without knowing what fonts are made of.

use std::ops::Range;

/// What a font is for. The composer knows which font that is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FontRole {
    /// Running text, what the marker wrote.
    Text,
    /// Headings, marks, what must catch the eye.
    Strong,
}

/// Measures words; given to renderers by the composer so that both agree.
pub trait Measure: Send + Sync {
    /// The width of one line of text, in ems (multiply by the size to get points).
    fn width(&self, role: FontRole, text: &str) -> f32;
}

/// Half an em a character: for copies drawn without a composer.
pub struct HalfEm;

impl Measure for HalfEm {
    fn width(&self, _role: FontRole, text: &str) -> f32 {
        f32::from(u16::try_from(text.chars().count()).unwrap_or(u16::MAX)) * 0.5
    }
}

/// Breaks text into lines no wider than `width` points, as byte ranges of `text`.
///
/// Line breaks in the text are kept (an empty line gives an empty range). A line is broken after
/// a space, after a hyphen or between ideographs; the space stays at the end of its line, where it
/// is not seen but separates the words for whoever reads the text aloud or searches it. A word
/// wider than a line is broken where the line is full. No-break spaces never break.
pub fn break_lines(
    measure: &dyn Measure,
    role: FontRole,
    size: f32,
    text: &str,
    width: f32,
    lines: &mut Vec<Range<usize>>,
) {
    lines.clear();
    let limit = if size > 0.0 { (width / size).max(1.0) } else { f32::MAX };
    let mut start = 0;
    for paragraph in text.split('\n') {
        let trimmed = paragraph.strip_suffix('\r').unwrap_or(paragraph);
        break_paragraph(measure, role, text, start..start + trimmed.len(), limit, lines);
        start += paragraph.len() + 1;
    }
}

fn break_paragraph(
    measure: &dyn Measure,
    role: FontRole,
    text: &str,
    range: Range<usize>,
    limit: f32,
    lines: &mut Vec<Range<usize>>,
) {
    // Most paragraphs are one line; a short one needs no measuring, since no ASCII character of
    // any font is two ems wide.
    let whole = text[range.clone()].trim_end_matches([' ', '\t']);
    let short = whole.is_ascii() && whole.len() as f32 * 2.0 <= limit;
    if short || measure.width(role, whole) <= limit {
        lines.push(range);
        return;
    }
    let mut line_start = range.start;
    let mut line_width = 0.0;
    let mut at = range.start;
    while at < range.end {
        let end = at + chunk(&text[at..range.end]);
        let seen = text[at..end].trim_end_matches([' ', '\t']);
        let seen_width = measure.width(role, seen);
        if line_width + seen_width > limit {
            if at > line_start {
                lines.push(line_start..at);
                line_start = at;
                line_width = 0.0;
            }
            if seen_width > limit {
                // Wider than a whole line: cut inside the word.
                line_start = cut(measure, role, text, at..at + seen.len(), limit, lines);
                line_width = measure.width(role, &text[line_start..end]);
                at = end;
                continue;
            }
        }
        line_width += if seen.len() == end - at { seen_width } else { measure.width(role, &text[at..end]) };
        at = end;
    }
    lines.push(line_start..range.end);
}

/// Pushes as many full lines as the word needs and returns where its last line starts.
fn cut(
    measure: &dyn Measure,
    role: FontRole,
    text: &str,
    word: Range<usize>,
    limit: f32,
    lines: &mut Vec<Range<usize>>,
) -> usize {
    let mut start = word.start;
    let mut width = 0.0;
    for (offset, character) in text[word.clone()].char_indices() {
        let at = word.start + offset;
        let own = measure.width(role, &text[at..at + character.len_utf8()]);
        if width + own > limit && at > start {
            lines.push(start..at);
            start = at;
            width = 0.0;
        }
        width += own;
    }
    start
}

/// The length in bytes of the next stretch that must not be broken, with the spaces after it.
fn chunk(text: &str) -> usize {
    let mut characters = text.char_indices().peekable();
    while let Some((_, character)) = characters.next() {
        let Some(&(next_at, next)) = characters.peek() else { break };
        let breaks = match character {
            ' ' | '\t' => !matches!(next, ' ' | '\t') && !matches!(next, ':' | ';' | '!' | '?' | '»' | '%'),
            '-' => next.is_alphabetic(),
            _ => is_ideograph(character) && next != ' ' && !is_closing(next),
        };
        if breaks {
            return next_at;
        }
    }
    text.len()
}

fn is_ideograph(character: char) -> bool {
    matches!(character, '\u{2E80}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7A3}' | '\u{F900}'..='\u{FAFF}'
        | '\u{FF00}'..='\u{FFEF}' | '\u{20000}'..='\u{3FFFF}')
}

fn is_closing(character: char) -> bool {
    matches!(
        character,
        '、' | '。'
            | '，'
            | '．'
            | '！'
            | '？'
            | '）'
            | '」'
            | '』'
            | '】'
            | '：'
            | '；'
            | ')'
            | ','
            | '.'
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lines(text: &str, ems: f32) -> Vec<&str> {
        let mut ranges = Vec::new();
        break_lines(&HalfEm, FontRole::Text, 10.0, text, ems * 10.0, &mut ranges);
        ranges.into_iter().map(|range| &text[range]).collect()
    }

    #[test]
    fn words_stay_whole_and_line_breaks_are_kept() {
        assert_eq!(lines("un deux trois", 5.0), ["un deux ", "trois"]);
        assert_eq!(lines("un\r\n\ndeux", 5.0), ["un", "", "deux"]);
        assert_eq!(lines("", 5.0), [""]);
        assert_eq!(lines("peut-être", 3.0), ["peut-", "être"]);
        assert_eq!(lines("ab\u{a0}cd ef", 3.0), ["ab\u{a0}cd ", "ef"]);
        assert_eq!(lines("oui vraiment ?", 5.0), ["oui ", "vraiment ?"]);
        assert_eq!(lines("abcdefghij k", 2.0), ["abcd", "efgh", "ij k"]);
        assert_eq!(lines("一二三四五", 1.0), ["一二", "三四", "五"]);
    }

    proptest! {
        #[test]
        fn no_character_is_lost_and_no_line_is_too_wide(text in "[a-zé \n-]{0,200}", ems in 1.0_f32..20.0) {
            let lines = lines(&text, ems);
            prop_assert_eq!(lines.concat(), text.replace('\n', ""));
            for line in lines {
                let seen = line.trim_end_matches(' ');
                prop_assert!(HalfEm.width(FontRole::Text, seen) <= ems + 0.001, "{:?}", line);
            }
        }
    }
}
