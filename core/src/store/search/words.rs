//! Words as people type them: without accents, case, hyphens or apostrophes.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Words are compared up to this many characters; the longest French surname has fewer.
const WORD_LIMIT: usize = 64;

/// Stands for a hyphen or an apostrophe while a text is being folded.
const JOINT: char = '-';

/// Letters and digits in their plainest form, [`JOINT`]s, and single spaces for all the rest.
fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    // Joints go first: some of them decompose into a space and an accent.
    for c in text.chars().map(|c| if is_joint(c) { JOINT } else { c }).nfkd() {
        if is_accent(c) || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}') {
            continue;
        }
        if is_joint(c) {
            folded.push(JOINT);
            continue;
        }
        for c in c.to_lowercase() {
            match c {
                'œ' => folded.push_str("oe"),
                'æ' => folded.push_str("ae"),
                'ß' => folded.push_str("ss"),
                'þ' => folded.push_str("th"),
                'ø' => folded.push('o'),
                'ł' => folded.push('l'),
                'đ' | 'ð' => folded.push('d'),
                'ħ' => folded.push('h'),
                'ŧ' => folded.push('t'),
                'ŋ' => folded.push('n'),
                'ı' => folded.push('i'),
                'ς' => folded.push('σ'),
                c if is_accent(c) => {}
                c if c.is_alphanumeric() || is_combining_mark(c) => folded.push(c),
                _ => folded.push(' '),
            }
        }
    }
    folded
}

/// Hyphens and apostrophes, also as keyboards and word processors mistake them.
fn is_joint(c: char) -> bool {
    matches!(
        c,
        '-' | '\''
            | '`'
            | '´'
            | '·'
            | 'ʹ'..='ʿ'
            | 'ˈ'
            | '‐'..='―'
            | '‘'..='‛'
            | '′'
            | '‵'
            | '−'
            | 'ꞌ'
            | '﹣'
            | '－'
            | '＇'
    )
}

/// Signs set over or under a letter that people leave out when they type: accents, and the vowel
/// points of Hebrew and Arabic. The vowel signs of Indian scripts are letters, and stay.
fn is_accent(c: char) -> bool {
    matches!(
        u32::from(c),
        0x0300..=0x036F
            | 0x0591..=0x05C7
            | 0x0640
            | 0x064B..=0x065F
            | 0x0670
            | 0x1AB0..=0x1AFF
            | 0x1DC0..=0x1DFF
            | 0x20D0..=0x20FF
            | 0xFE20..=0xFE2F
    )
}

/// The words that a name or a number is found by: for every place where a part of it begins, all
/// that follows without a break. *L’Hôpital-Dupont* gives `lhopitaldupont`, `hopitaldupont`,
/// `dupont`, and so is found with the hyphen and the apostrophe typed, left out or replaced by a
/// space.
pub(super) fn words_of(name: &str) -> impl Iterator<Item = String> {
    let folded = fold(name);
    let parts: Vec<String> =
        folded.split([JOINT, ' ']).filter(|part| !part.is_empty()).map(str::to_owned).collect();
    (0..parts.len())
        .map(move |first| parts[first..].iter().flat_map(|part| part.chars()).take(WORD_LIMIT).collect())
}

/// What a name or a number is sorted by.
pub(super) fn sort_key(name: &str) -> String {
    let folded = fold(name);
    let parts: Vec<&str> = folded.split([JOINT, ' ']).filter(|part| !part.is_empty()).collect();
    parts.join(" ")
}

/// The ways to read a query. Each is a list of words that must all begin a word of the
/// candidate; a candidate found by any way is found.
///
/// One way is the words as typed, where digits in groups (`01 23 45`) are one number. The other is
/// all of it as a single word, for who puts a space where the name has none.
pub(super) fn ways(query: &str) -> Vec<Vec<String>> {
    let folded = fold(query);
    let mut typed: Vec<String> = Vec::new();
    let mut after_digits = false;
    for word in folded.split(' ') {
        let word: String = word.chars().filter(|c| *c != JOINT).collect();
        if word.is_empty() {
            continue;
        }
        let digits = word.bytes().all(|byte| byte.is_ascii_digit());
        match typed.last_mut() {
            Some(number) if digits && after_digits => number.push_str(&word),
            _ => typed.push(word),
        }
        after_digits = digits;
    }
    let short = |word: String| word.chars().take(WORD_LIMIT).collect::<String>();
    let mut ways = Vec::new();
    if typed.len() > 1 {
        ways.push(vec![short(typed.concat())]);
    }
    if !typed.is_empty() {
        ways.push(typed.into_iter().map(short).collect());
    }
    ways
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accents_case_and_ligatures_make_no_difference() {
        for (name, plain) in [
            ("Éloïse", "eloise"),
            ("MARTIN", "martin"),
            ("Œdipe", "oedipe"),
            ("Lætitia", "laetitia"),
            ("Weiß", "weiss"),
            ("WEIẞ", "weiss"),
            ("İbrahim", "ibrahim"),
            ("Işık", "isik"),
            ("Søren", "soren"),
            ("Łukasz", "lukasz"),
            ("Ægir Þór", "aegir thor"),
            ("Nguyễn", "nguyen"),
            ("François-Xavier", "francois xavier"),
            ("Ｆｕｌｌ", "full"),
            ("Σωκράτης", "σωκρατησ"),
            ("ЁЛКИН", "елкин"),
            ("王小明", "王小明"),
            ("  d’  ", "d"),
            ("\u{202e}abc", "abc"),
            ("", ""),
        ] {
            assert_eq!(sort_key(name), plain, "{name}");
        }
    }

    #[test]
    fn a_name_is_found_from_the_beginning_of_each_of_its_parts() {
        let words = |name| words_of(name).collect::<Vec<_>>();
        assert_eq!(words("L’Hôpital"), ["lhopital", "hopital"]);
        assert_eq!(words("Jean-Pierre"), ["jeanpierre", "pierre"]);
        assert_eq!(
            words("DE LA TOUR D'AUVERGNE"),
            ["delatourdauvergne", "latourdauvergne", "tourdauvergne", "dauvergne", "auvergne"]
        );
        assert_eq!(words("2020-IDF 0123"), ["2020idf0123", "idf0123", "0123"]);
        assert!(words("’ - ’").is_empty());
        assert!(words(&"x".repeat(500)).iter().all(|word| word.len() == WORD_LIMIT));
    }

    #[test]
    fn a_query_is_read_as_typed_and_as_one_word() {
        assert_eq!(ways("elo mar"), [vec!["elomar"], vec!["elo", "mar"]]);
        assert_eq!(ways("l'hôpital"), [vec!["lhopital"]]);
        assert_eq!(ways("jean-pi"), [vec!["jeanpi"]]);
        assert_eq!(ways("01 23 45"), [vec!["012345"]]);
        assert_eq!(ways("martin 01 23"), [vec!["martin0123"], vec!["martin", "0123"]]);
        assert!(ways(" -' ").is_empty());
    }
}
