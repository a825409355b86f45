//! The characters of each shared block.
//!
//! A block is what one kind of text touches together; it is kept small because every copy that
//! touches it carries it whole. What is rare has no block: it is subset per copy.

use std::ops::RangeInclusive;

use super::faces::{BOLD, FaceId, REGULAR};

/// A shared block: a face, characters, and which weights use it.
pub(super) struct Charset {
    /// The face.
    pub(super) face: FaceId,
    /// Serves running text.
    pub(super) text: bool,
    /// Serves strong text.
    pub(super) strong: bool,
    ranges: &'static [RangeInclusive<char>],
    singles: &'static str,
}

impl Charset {
    /// The characters, in the order of their codes.
    pub(super) fn characters(&self) -> impl Iterator<Item = char> {
        self.ranges.iter().cloned().flatten().chain(self.singles.chars())
    }
}

/// The shared blocks. Their order is the order of their object numbers: add at the end. A
/// character that is in two of them is shown by the first.
pub(super) const CHARSETS: [Charset; 10] = [
    LATIN,
    LATIN_STRONG,
    LATIN_MORE,
    LATIN_MORE_STRONG,
    GREEK,
    GREEK_MORE,
    CYRILLIC,
    MATHEMATICS,
    MATHEMATICS_MORE,
    SYMBOLS,
];

/// What is typed in French and its neighbours, and the box for what no face has.
const LATIN: Charset = Charset {
    face: REGULAR,
    text: true,
    strong: false,
    ranges: &[' '..='~', '\u{A0}'..='\u{A0}', '°'..='³', 'À'..='ÿ'],
    singles: "£§©«®µ·»¼½¾Œœ–—‘’“”•…€−▯\u{2009}\u{202F}",
};

/// Headings, totals, names: no accent that a western name may bear is missing.
const LATIN_STRONG: Charset = Charset {
    face: BOLD,
    text: false,
    strong: true,
    ranges: &[
        ' '..='!',
        '%'..=';',
        '='..='=',
        '?'..='?',
        'A'..='Z',
        'a'..='z',
        'À'..='Ö',
        'Ø'..='ö',
        'ø'..='ÿ',
    ],
    singles: "\u{A0}«»°²³·×Œœ–—’…−▯\u{202F}",
};

/// Central and northern Europe, Turkey, Romania, Vietnam, Pinyin, transliterations, and what is
/// left of Latin-1 and of typography.
const LATIN_MORE: Charset = Charset {
    face: REGULAR,
    text: true,
    strong: false,
    ranges: &['Ā'..='ő', 'Ŕ'..='ž', 'Ǎ'..='ǜ', 'Ș'..='ț', 'Ạ'..='ỹ'],
    singles: "¡¢¤¥¦¨ª¬¯´¶¸¹º¿ƏəƒƠơƯưǴǵǸǹʹʺʻʼʾʿˆˈˌː˜ḌḍḤḥḪḫḲḳṄṅṆṇṚṛṢṣṬṭẀẁẂẃẄẅẐẑẒẓẞ‐‑‒―‚„†‡‰‹›⁄™ﬁﬂ\u{2002}\u{2003}\u{2007}\u{2008}\u{200A}",
};

/// The same in strong text, and what the strong block leaves out.
const LATIN_MORE_STRONG: Charset = Charset {
    face: BOLD,
    text: false,
    strong: true,
    ranges: &[
        '"'..='$',
        '<'..='<',
        '>'..='>',
        '@'..='@',
        '['..='`',
        '{'..='~',
        '¡'..='¬',
        '®'..='¿',
        '÷'..='÷',
        'Ā'..='ő',
        'Ŕ'..='ž',
        'Ǎ'..='ǜ',
        'Ș'..='ț',
        'Ạ'..='ỹ',
    ],
    singles: "ƏəƒƠơƯưʻʼʾʿḌḍḤḥḪḫṚṛṢṣṬṭẒẓẞ‐‑‘“”•€\u{2009}",
};

/// The Greek letters of mathematics and physics.
const GREEK: Charset =
    Charset {
        face: REGULAR, text: true, strong: false, ranges: &['α'..='ω'], singles: "ΓΔΘΛΞΠΣΦΨΩϕ"
    };

/// The rest of modern Greek.
const GREEK_MORE: Charset = Charset {
    face: REGULAR,
    text: true,
    strong: false,
    ranges: &['΄'..='Ί', 'Ό'..='Ό', 'Ύ'..='Ρ', 'Σ'..='ΰ', 'ϊ'..='ώ'],
    singles: "ϐϑϖϱϵ",
};

/// The Cyrillic of Russian, Ukrainian, Belarusian, Bulgarian, Serbian, Macedonian.
const CYRILLIC: Charset = Charset {
    face: REGULAR,
    text: true,
    strong: false,
    ranges: &['Ѐ'..='џ'],
    singles: "ҐґҒғҚқҢңҮүҰұҲҳӘәӨө№",
};

/// What is written in an answer of mathematics, physics or chemistry at school, and the ticks. In
/// strong text too, in regular: the bold of these signs is hardly another drawing.
const MATHEMATICS: Charset = Charset {
    face: REGULAR,
    text: true,
    strong: true,
    ranges: &['⁴'..='⁻', '₀'..='₉', '←'..='↔'],
    singles: "′″⁰ⁿ₊₋ℂℕℚℝℤ⇐⇒⇔∀∂∃∅∆∇∈∉∏∑√∝∞∠∥∧∨∩∪∫∴∼≃≅≈≠≡≤≥⊂⊄⊥⋅□✓✔✗✘",
};

/// The mathematics of higher classes.
const MATHEMATICS_MORE: Charset = Charset {
    face: REGULAR,
    text: true,
    strong: true,
    ranges: &[
        '⁼'..='⁾',
        '₌'..='₎',
        '⅐'..='⅞',
        '↕'..='↙',
        '⇑'..='⇕',
        '∁'..='∓',
        '∕'..='∮',
        '⊂'..='⊇',
        '⌈'..='⌋',
        '⟦'..='⟫',
    ],
    singles: "ₐₑₒₓₕₖₗₘₙₚₛₜℎℏℓℙℛΩ℃℮↦↪↺↻⇌⇔⇒∵∶∷∽≄≆≉≢≦≧≨≩≪≫≮≯≰≱≲≳≺≻⊈⊉⊊⊋⊕⊖⊗⊘⊙⊢⊤⊨⋀⋁⋂⋃⋆⋮⋯⋱⌀⎷◦∎⩽⩾",
};

/// Crosses, arrows of the margin, boxes, faces.
const SYMBOLS: Charset = Charset {
    face: REGULAR,
    text: true,
    strong: true,
    ranges: &['①'..='⑳', '■'..='■', '▪'..='▫', '▲'..='△', '▶'..='▷', '▼'..='▽', '◀'..='◁', '☹'..='☻'],
    singles: "─│┌┐└┘├┤┬┴┼◆◇○●◯★☆☎☐☑☒☛☞☝☠♀♂♠♡♣♥♦♩♪♫♭♮♯⚠⚡✁✂✆✉✍✎✏✐✕✖✝✦✧✱✶❌❓❗❤➔➙➜➞➡➤⬅⬆⬇❶❷❸❹❺❻❼❽❾❿",
};
