//! Entry names that Windows, macOS and Linux can all unpack.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The longest path component, in bytes of UTF-8. Every file system in use takes 255 bytes or
/// UTF-16 units; what remains is for the suffixes that unpackers add (`.part`, ` (1)`).
pub const LONGEST_COMPONENT: usize = 240;

/// The longest candidate number kept in a name, in bytes: real ones have at most 20 characters.
const LONGEST_NUMBER: usize = 64;

/// Stems that Windows takes for devices, in any case, whatever follows the first dot
/// (Microsoft, *Naming Files, Paths, and Namespaces*), and the names at the archive's root.
const RESERVED: [&str; 38] = [
    "con",
    "prn",
    "aux",
    "nul",
    "com0",
    "com1",
    "com2",
    "com3",
    "com4",
    "com5",
    "com6",
    "com7",
    "com8",
    "com9",
    "com¹",
    "com²",
    "com³",
    "lpt0",
    "lpt1",
    "lpt2",
    "lpt3",
    "lpt4",
    "lpt5",
    "lpt6",
    "lpt7",
    "lpt8",
    "lpt9",
    "lpt¹",
    "lpt²",
    "lpt³",
    "conin$",
    "conout$",
    "clock$",
    "config$",
    "$mft",
    "$bitmap",
    "sommaire",
    "sha256sums",
];

/// Whose copy an entry is: what its name is made from.
#[derive(Clone, Copy, Debug)]
pub struct EntryName<'a> {
    /// The school's UAI.
    pub school: &'a str,
    /// As on the identity card.
    pub last_name: &'a str,
    /// As on the identity card.
    pub first_name: &'a str,
    /// The candidate's number.
    pub number: &'a str,
}

/// `{school}/{LASTNAME}_{Firstname}_{number}.pdf`, made safe (CONTRACTS, section 6).
///
/// The last name is put in capitals, the first name keeps its letters and gets a capital first.
/// Characters that a file system refuses become `-`, invisible and direction-changing ones are
/// dropped, spaces are made plain, the whole is in NFC, no component is longer than
/// [`LONGEST_COMPONENT`] bytes (names are cut, the number is kept), none is a device's name.
pub fn entry_name(copy: &EntryName<'_>) -> String {
    let mut school = clean(copy.school);
    cut(&mut school, LONGEST_COMPONENT);
    let mut number = clean(copy.number);
    cut(&mut number, LONGEST_NUMBER);

    let last: String = clean(copy.last_name).to_uppercase().nfc().collect();
    let first = capitalised(&clean(copy.first_name));
    let mut person: String =
        [last, first].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("_");
    // Room for what `unreserved` may put in front as well.
    cut(&mut person, LONGEST_COMPONENT - "__.pdf".len() - number.len());

    let parts = [person, number];
    let stem = parts.iter().filter(|part| !part.is_empty()).map(String::as_str).collect::<Vec<_>>().join("_");
    let school = if school.is_empty() { "etablissement".to_owned() } else { unreserved(school) };
    let stem = if stem.is_empty() { "copie".to_owned() } else { unreserved(stem) };
    format!("{school}/{stem}.pdf")
}

/// The same name with a counter, for the second, third… of several that a file system would
/// take for one file.
pub fn numbered(name: &str, counter: u32) -> String {
    match name.strip_suffix(".pdf") {
        Some(stem) => format!("{stem}~{counter}.pdf"),
        None => format!("{name}~{counter}"),
    }
}

/// Which of `count` names some file system would take for an earlier one (ignoring case and the
/// choice between composed and decomposed letters), in increasing order.
pub fn clashes<'a>(count: usize, name: impl Fn(usize) -> &'a str) -> Vec<usize> {
    let mut keys: Vec<(u64, usize)> = (0..count)
        .map(|index| {
            let mut hasher = DefaultHasher::new();
            folded(name(index)).hash(&mut hasher);
            (hasher.finish(), index)
        })
        .collect();
    keys.sort_unstable();
    let mut found = Vec::new();
    for run in keys.chunk_by(|a, b| a.0 == b.0).filter(|run| run.len() > 1) {
        let names: Vec<String> = run.iter().map(|(_, index)| folded(name(*index))).collect();
        let repeated = (1..run.len()).filter(|later| names[..*later].contains(&names[*later]));
        found.extend(repeated.map(|later| run[later].1));
    }
    found.sort_unstable();
    found
}

/// What a file system that ignores case and normalisation compares.
fn folded(name: &str) -> String {
    name.nfd().collect::<String>().to_uppercase().to_lowercase().nfd().collect()
}

/// One part of a name: no separators, nothing invisible, no dot or space at either end, NFC.
fn clean(part: &str) -> String {
    let mut cleaned = String::with_capacity(part.len());
    for character in part.nfc() {
        let kept = match character {
            '<' | '>' | ':' | '"' | '/' | '\\' | '|' | '?' | '*' => '-',
            // Looks that file systems or unpackers fold into separators.
            '\u{2044}' | '\u{2215}' | '\u{FF0F}' | '\u{FF3C}' | '\u{29F8}' => '-',
            space if space.is_whitespace() => ' ',
            unseen if unseen.is_control() || is_unseen(unseen) => continue,
            other => other,
        };
        if !(kept == ' ' && cleaned.ends_with(' ')) {
            cleaned.push(kept);
        }
    }
    // Dropping what stood between two letters may let them compose.
    let cleaned: String = cleaned.nfc().collect();
    cleaned.trim_matches(is_edge).to_owned()
}

/// Windows drops dots and spaces at the end, Unix hides what begins with a dot, and a leading
/// hyphen reads as an option on a command line.
fn is_edge(character: char) -> bool {
    matches!(character, '.' | ' ' | '-')
}

/// Characters that take no room on the page: direction marks, joiners, fillers, tags, variation
/// selectors (Unicode, `Default_Ignorable_Code_Point` and category `Cf`), and non-characters.
fn is_unseen(character: char) -> bool {
    matches!(u32::from(character),
        0xAD | 0x34F | 0x600..=0x605 | 0x61C | 0x6DD | 0x70F | 0x890..=0x891 | 0x8E2 | 0x115F..=0x1160
        | 0x17B4..=0x17B5 | 0x180B..=0x180F | 0x200B..=0x200F | 0x2028..=0x202E | 0x2060..=0x206F
        | 0x3164 | 0xFDD0..=0xFDEF | 0xFE00..=0xFE0F | 0xFEFF | 0xFFA0 | 0xFFF0..=0xFFFF
        | 0x110BD | 0x110CD | 0x13430..=0x1343F | 0x1BCA0..=0x1BCA3 | 0x1D173..=0x1D17A
        | 0xE0000..=0xE0FFF)
        || u32::from(character) & 0xFFFE == 0xFFFE
}

fn capitalised(name: &str) -> String {
    let mut letters = name.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).nfc().collect(),
        None => String::new(),
    }
}

/// Shortens to at most `room` bytes, never within a character or between a letter and its marks.
fn cut(text: &mut String, room: usize) {
    if text.len() <= room {
        return;
    }
    let mut end = text.floor_char_boundary(room);
    while end > 0 && text[end..].chars().next().is_some_and(is_combining_mark) {
        end = text.floor_char_boundary(end - 1);
    }
    text.truncate(end);
    let kept = text.trim_end_matches(is_edge).len();
    text.truncate(kept);
}

/// Puts `_` before what Windows would take for a device.
fn unreserved(component: String) -> String {
    let stem = component.split('.').next().unwrap_or_default().trim_end().to_lowercase();
    if RESERVED.contains(&stem.as_str()) { format!("_{component}") } else { component }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn name(last_name: &str, first_name: &str, number: &str) -> String {
        entry_name(&EntryName { school: "9740001H", last_name, first_name, number })
    }

    #[test]
    fn an_entry_is_named_after_school_names_and_number() {
        for (last, first, expected) in [
            ("Martin", "Éloïse", "MARTIN_Éloïse_0123"),
            ("d'Artagnan-Lévêque", "jean-pierre", "D'ARTAGNAN-LÉVÊQUE_Jean-pierre_0123"),
            ("de la Tour", "Ève Marie", "DE LA TOUR_Ève Marie_0123"),
            ("Strauß", "ŒNONE", "STRAUSS_ŒNONE_0123"),
            ("Иванов", "Пётр", "ИВАНОВ_Пётр_0123"),
            ("王", "小明", "王_小明_0123"),
            // Decomposed letters are composed.
            ("LE\u{301}VY", "Ine\u{300}s", "LÉVY_Inès_0123"),
            ("", "Anne", "Anne_0123"),
            ("", "", "0123"),
        ] {
            assert_eq!(name(last, first, "0123"), format!("9740001H/{expected}.pdf"));
        }
    }

    #[test]
    fn a_hostile_name_stays_inside_its_folder() {
        for (last, first, number, expected) in [
            ("../../etc", "passwd", "1", "ETC_Passwd_1"),
            ("..", "..", "1", "1"),
            ("/etc", "a/b", "1", "ETC_A-b_1"),
            ("C:\\Windows", "a:b", "1", "C--WINDOWS_A-b_1"),
            ("a<b>c\"d|e?f*g", "x", "1", "A-B-C-D-E-F-G_X_1"),
            ("CON", "", "", "_CON"),
            ("con.x", "", "", "_CON.X"),
            ("CON.", "Jean", "1", "CON_Jean_1"),
            ("NUL .txt", "Jean", "1", "_NUL .TXT_Jean_1"),
            ("", "", "COM1", "_COM1"),
            ("", "", "lpt³", "_lpt³"),
            ("a\u{202E}gpj", "\u{200F}b\u{2066}c", "1", "AGPJ_Bc_1"),
            ("a\0b\u{1}c\u{7F}d\u{85}", "\r\n\te", "1", "ABCD_E_1"),
            ("a\u{200B}\u{FEFF}b", "\u{AD}c", "1", "AB_C_1"),
            ("a\u{A0}b\u{3000}  c", "d", "1", "A B C_D_1"),
            ("Martin. ", " Jean ", "1 .", "MARTIN_Jean_1"),
            ("-rf", "x", "1", "RF_X_1"),
            ("😀", "x", "1", "😀_X_1"),
            ("\u{2044}a\u{FF0F}b", "x", "1", "A-B_X_1"),
        ] {
            assert_eq!(name(last, first, number), format!("9740001H/{expected}.pdf"), "{last:?} {first:?}");
        }
        let outside = EntryName { school: "../..", last_name: "A", first_name: "B", number: "1" };
        assert_eq!(entry_name(&outside), "etablissement/A_B_1.pdf");
        let root = EntryName { school: "sommaire.csv", ..outside };
        assert_eq!(entry_name(&root), "_sommaire.csv/A_B_1.pdf");
    }

    #[test]
    fn a_long_name_is_cut_and_keeps_its_number() {
        let long = name(&"é".repeat(300), "Jean", "0123456789");
        assert!(long.ends_with("É_0123456789.pdf"));
        assert_eq!(long.split('/').nth(1).map(str::len), Some(LONGEST_COMPONENT - 1));
        // A letter is not parted from its marks.
        let marked = name(&format!("{}x\u{302}\u{302}\u{302}", "a".repeat(225)), "", "0123456789");
        assert!(marked.ends_with("A_0123456789.pdf"), "{marked}");
        let number = "7".repeat(500);
        assert!(name("A", "B", &number).ends_with(&format!("A_B_{}.pdf", "7".repeat(LONGEST_NUMBER))));
    }

    #[test]
    fn names_that_a_file_system_would_merge_are_found() {
        let names =
            ["a/É_1.pdf", "a/e\u{301}_1.PDF", "a/E_1.pdf", "a/é_1.pdf", "b/É_1.pdf", "a/SS.pdf", "a/ß.pdf"];
        assert_eq!(clashes(names.len(), |index| names[index]), [1, 3, 6]);
        assert_eq!(numbered("a/É_1.pdf", 2), "a/É_1~2.pdf");
    }

    proptest! {
        #[test]
        fn whatever_the_names_an_entry_can_be_unpacked_anywhere(
            school in any::<String>(), last_name in any::<String>(), first_name in any::<String>(),
            number in any::<String>(),
        ) {
            let name = entry_name(&EntryName { school: &school, last_name: &last_name, first_name: &first_name, number: &number });
            let components: Vec<&str> = name.split('/').collect();
            prop_assert_eq!(components.len(), 2);
            for component in components {
                prop_assert!(!component.is_empty() && component.len() <= LONGEST_COMPONENT);
                prop_assert!(!component.starts_with(['.', ' ']) && !component.ends_with(['.', ' ']));
                prop_assert!(!component.contains(['<', '>', ':', '"', '\\', '|', '?', '*']));
                prop_assert!(component.chars().all(|c| !c.is_control() && !is_unseen(c)));
                let stem = component.split('.').next().unwrap_or_default().trim_end().to_lowercase();
                prop_assert!(!RESERVED.contains(&stem.as_str()));
            }
            prop_assert_eq!(name.nfc().collect::<String>(), name.as_str());
        }
    }
}
