//! Any character a marker typed appears, in any script, and reads back.

mod document;
mod readers;

use proptest::prelude::*;

use super::super::objects::Packer;
use super::*;

/// What markers, candidates and schools may type.
const SAMPLES: [(&str, &str); 27] = [
    (
        "French",
        "Élève sérieux : l’œuvre est lue, « bien » analysée… Œdipe, cœur, 12,50 € – 3/4 ; ÿ Ÿ à 100 %",
    ),
    ("narrow spaces", "1\u{202F}000\u{A0}m\u{2009}; fin"),
    ("Polish, Czech", "Zażółć gęślą jaźń, příliš žluťoučký kůň"),
    ("Turkish, Romanian", "İstanbul'da ılık ğüşöç, Țări și ăâî"),
    ("Vietnamese", "Nguyễn Thị Hồng Đặng, trường đại học"),
    ("Vietnamese, decomposed", "Nguye\u{302}\u{303}n The\u{301}re\u{300}se"),
    ("Greek", "Καλημέρα κόσμε, Ἀριστοτέλης, αβγδεζηθ"),
    ("Cyrillic", "Проверено учителем: хорошо, Ґанок їжак Ђорђе"),
    ("mathematics", "∑√∫≤≠∞αβγπ ℝ ∀x∈ℕ, x²+y₁≈½ ⇒ ∃ε>0 ⟨u,v⟩ ∂f/∂x ℵ ⊗ ⨁"),
    ("marks over letters", "x\u{304} = 3, v\u{20D7} ⊥ w\u{20D7}, q\u{307}"),
    ("arrows and ticks", "→ ⇒ ↔ ↗ ✓ ✔ ✗ ✘ ☐ ☑ ★ ⚠ ①② ➜"),
    ("Arabic", "محمد بن عبد الله، السلام عليكم (جيد) ١٢٣"),
    ("Arabic with vowels", "بِسْمِ اللَّهِ الرَّحْمٰنِ"),
    ("Hebrew", "שלום עולם, בְּרֵאשִׁית (טוב) 123"),
    ("Hindi", "नमस्ते दुनिया, क्षत्रिय श्री ज्ञान।"),
    ("Bengali", "আমার সোনার বাংলা"),
    ("Tamil", "தமிழ் கொள்கை நன்றி"),
    ("Thai", "สวัสดีครับ น้ำผึ้ง"),
    ("Khmer, Burmese", "សួស្តី မြန်မာ"),
    ("Chinese", "你好，世界。数学考试很好！"),
    ("Japanese", "こんにちは、テスト「東京」がんばって"),
    ("Korean", "안녕하세요 한국어"),
    ("Armenian", "Բարեւ Հայաստան"),
    ("Georgian", "გამარჯობა საქართველო"),
    ("Ethiopic, Cherokee, Tifinagh", "ሰላም ᏣᎳᎩ ⵜⴰⵎⴰⵣⵉⵖⵜ"),
    ("emoji", "Bravo 😀 👍 🎉 ❤️ ☺"),
    ("phonetics, mathematical letters", "[ʃɛ̃ʒ ˈnaɪt] 𝑥 ∈ 𝔸 𝟙"),
];

const FIRST: u32 = document::FIRST_OBJECT;

fn book() -> FontBook {
    FontBook::new(FIRST).expect("the built-in faces are sound")
}

fn every_line() -> Vec<(FontRole, &'static str)> {
    [FontRole::Text, FontRole::Strong]
        .into_iter()
        .flat_map(|role| SAMPLES.iter().map(move |(_, text)| (role, *text)))
        .collect()
}

#[test]
fn no_sample_in_any_script_needs_a_box() {
    let book = book();
    for (name, text) in SAMPLES {
        for role in [FontRole::Text, FontRole::Strong] {
            let setting = setting::set(&book.faces, book.blocks.lookup(role), role, text);
            for item in &setting.items {
                match item {
                    Item::Shared { stands_for: Some(ch), .. } => {
                        assert!("()".contains(*ch), "{name}: {ch} is shown as another character");
                    }
                    Item::Shared { .. } => {}
                    Item::Word(word) => {
                        assert!(word.shaped.glyphs.iter().all(|placed| placed.glyph != 0), "{name}: glyph 0");
                    }
                }
            }
        }
    }
}

#[test]
fn a_text_is_as_wide_measured_as_it_is_set() {
    let (book, mut fonts, mut line) = (book(), CopyFonts::new(), Line::new());
    for (role, text) in every_line() {
        book.set(role, text, &mut fonts, &mut line);
        assert_eq!(book.width(role, text), line.width(), "{text}");
        assert!(line.width() > 0.0, "{text}");
    }
    assert_eq!(book.width(FontRole::Text, ""), 0.0);
}

#[test]
fn the_same_text_gives_the_same_bytes_whatever_was_set_before() {
    let (one, other) = (book(), book());
    let lines = every_line();
    let first = document::compose(&one, &lines);
    document::compose(&one, &lines[3..9]);
    assert!(first == document::compose(&one, &lines), "a book remembers");
    assert!(first == document::compose(&other, &lines), "two books differ");

    let (mut fonts, mut line) = (CopyFonts::new(), Line::new());
    let mut written = [Vec::new(), Vec::new()];
    for content in &mut written {
        fonts.clear();
        book().set(FontRole::Text, SAMPLES[14].1, &mut fonts, &mut line);
        line.write(10.0, content);
    }
    assert_eq!(written[0], written[1], "a copy's fonts remember the copy before");
}

#[test]
fn every_object_of_a_font_is_where_it_says_and_has_its_own_number() {
    let (book, mut fonts, mut line) = (book(), CopyFonts::new(), Line::new());
    for (role, text) in every_line() {
        book.set(role, text, &mut fonts, &mut line);
    }
    let mut next = 1000;
    let mut numbers = Vec::new();
    for font in fonts.embed(&book, &mut next, &mut Packer::quick()).expect("every face can be subset") {
        let bytes = match &font.bytes {
            FontBytes::Shared(shared) => shared.bytes(),
            FontBytes::Owned(bytes) => bytes,
        };
        let is_shared = matches!(font.bytes, FontBytes::Shared(_));
        for (number, place) in font.places.iter() {
            assert_eq!(book.reserved_objects().contains(number), is_shared);
            numbers.push(*number);
            match place {
                Place::At(at) => {
                    let head = format!("{number} 0 obj\n");
                    assert!(bytes[*at as usize..].starts_with(head.as_bytes()), "object {number}");
                }
                Place::InStream { stream, .. } => assert!(numbers.contains(stream)),
            }
        }
        assert!(font.places.iter().any(|(number, _)| *number == font.object));
    }
    assert!(numbers.is_sorted_by(|a, b| a < b), "numbers rise, none is there twice");
    assert!(numbers.iter().all(|number| *number < next));
}

#[test]
fn a_copy_embeds_the_blocks_its_text_touches_and_no_other() {
    let (book, mut fonts, mut line) = (book(), CopyFonts::new(), Line::new());
    let mut embedded = |text: &str| -> Vec<u16> {
        fonts.clear();
        book.set(FontRole::Text, text, &mut fonts, &mut line);
        let fonts = fonts.embed(&book, &mut 1000, &mut Packer::quick()).expect("every face can be subset");
        fonts.iter().map(|font| font.resource).collect()
    };
    assert!(embedded("").is_empty());
    assert!(embedded("\u{1}\u{7F}\u{AD}").is_empty());
    assert_eq!(embedded("Très bien, l’œuvre"), [0]);
    assert_eq!(embedded("angle β"), [0, 4]);
    assert_eq!(embedded("x²\u{304}"), [0, blocks::COUNT]);
    assert_eq!(embedded("你好"), [blocks::COUNT]);
}

#[test]
fn fonts_leave_a_copy_within_its_sixty_kilobytes() {
    let (book, mut fonts, mut line) = (book(), CopyFonts::new(), Line::new());
    book.set(FontRole::Text, "Travail « sérieux », sin α ≤ ½ ✓", &mut fonts, &mut line);
    book.set(FontRole::Strong, "Éloïse MARTIN : 12,50 / 20", &mut fonts, &mut line);
    let fonts = fonts.embed(&book, &mut 1000, &mut Packer::quick()).expect("every face can be subset");
    let total: usize = fonts
        .iter()
        .map(|font| match &font.bytes {
            FontBytes::Shared(shared) => shared.bytes().len(),
            FontBytes::Owned(_) => panic!("everyday text needs no font of its own"),
        })
        .sum();
    assert!(total < 27_000, "{total} bytes of fonts for an ordinary copy");
}

#[test]
fn what_no_face_has_shows_as_a_box_that_reads_as_itself() {
    let (book, mut fonts, mut line) = (book(), CopyFonts::new(), Line::new());
    let cases = [
        ("private use", "\u{E123}", "<FEFFE123>"),
        ("unassigned", "\u{0378}", "<FEFF0378>"),
        ("beyond the basic plane", "\u{10FFF0}", "<FEFFDBFFDFF0>"),
    ];
    for (name, text, spelled) in cases {
        book.set(FontRole::Text, text, &mut fonts, &mut line);
        let mut content = Vec::new();
        line.write(9.5, &mut content);
        let content = String::from_utf8_lossy(&content);
        let expected = format!("/Span<</ActualText{spelled}>>BDC\n(");
        assert!(content.contains("/F0 9.5 Tf") && content.contains(&expected), "{name}: {content}");
        assert_eq!(line.width(), book.width(FontRole::Text, "▯"), "{name}");
    }
    // What is no character at all may not stand in a PDF: it is replaced.
    let setting =
        |text| setting::set(&book.faces, book.blocks.lookup(FontRole::Text), FontRole::Text, text).text;
    assert_eq!(setting("a\u{FFFF}\u{FDD0}\u{1FFFE}"), "a\u{FFFD}\u{FFFD}\u{FFFD}");
}

#[test]
fn what_cannot_be_seen_takes_no_room() {
    let book = book();
    let (plain, spaced) = (book.width(FontRole::Text, "notes"), book.width(FontRole::Text, "no tes"));
    for hidden in ["\0", "\u{7}", "\u{85}\u{200B}", "\u{AD}", "\u{200E}", "\u{2060}", "\u{FEFF}", "\u{E0041}"]
    {
        let text = format!("no{hidden}tes").replace('\u{85}', "");
        assert_eq!(book.width(FontRole::Text, &text), plain, "{hidden:?}");
    }
    for space in ["\t", "\n", "\r", "\u{B}", "\u{85}", "\u{2028}"] {
        let text = format!("no{space}tes");
        assert_eq!(book.width(FontRole::Text, &text), spaced, "{space:?}");
        assert_eq!(book.width(FontRole::Text, &(text + "न")), spaced + book.width(FontRole::Text, "न"));
    }
}

#[test]
fn brackets_read_leftward_are_turned_round() {
    let (book, mut fonts, mut line) = (book(), CopyFonts::new(), Line::new());
    book.set(FontRole::Text, "א(ב", &mut fonts, &mut line);
    assert!(line.reads_leftward());
    let mut content = Vec::new();
    line.write(10.0, &mut content);
    // It looks like the closing one and reads as the opening one.
    let code = book.blocks.lookup(FontRole::Text).get(')');
    let expected = [b"/Span<</ActualText<FEFF0028>>>BDC\n(".as_slice(), code.code(), b")Tj\nEMC"].concat();
    assert!(content.windows(expected.len()).any(|part| part == expected));
}

#[test]
fn a_letter_with_its_accent_apart_is_the_accented_letter() {
    let (book, mut fonts) = (book(), CopyFonts::new());
    let mut lines = [Line::new(), Line::new()];
    let mut contents = [Vec::new(), Vec::new()];
    for ((text, line), content) in ["e\u{301}le\u{300}ve", "élève"].iter().zip(&mut lines).zip(&mut contents)
    {
        book.set(FontRole::Text, text, &mut fonts, line);
        line.write(10.0, content);
    }
    assert_eq!(contents[0], contents[1]);
}

#[test]
fn a_code_stands_in_a_literal_string() {
    for (code, expected) in [
        (1, b"\0\x01".as_slice()),
        (0x28, b"\0\\("),
        (0x29, b"\0\\)"),
        (0x5C, b"\0\\\\"),
        (0x0D, b"\0\\r"),
        (0x0A, b"\0\n"),
        (0x2829, b"\\(\\)"),
    ] {
        let (bytes, length) = blocks::escaped(code);
        assert_eq!(&bytes[..usize::from(length)], expected, "code {code:#x}");
    }
}

proptest! {
    #[test]
    fn any_text_at_all_can_be_set(text in "\\PC{0,40}|[\\x00-\\x{10FFFF}]{0,20}|[ב-תא-ي()\u{300}-\u{304}\u{200C}-\u{202E} a1]{0,20}", strong: bool) {
        let role = if strong { FontRole::Strong } else { FontRole::Text };
        let (mut fonts, mut line, mut content) = (CopyFonts::new(), Line::new(), Vec::new());
        BOOK.with(|book| {
            book.set(role, &text, &mut fonts, &mut line);
            line.write(11.0, &mut content);
            prop_assert_eq!(book.width(role, &text), line.width());
            let mut setting = setting::set(&book.faces, book.blocks.lookup(role), role, &text);
            setting.items.retain(|item| matches!(item, Item::Word(_)));
            for item in &setting.items {
                if let Item::Word(word) = item {
                    prop_assert!(word.shaped.glyphs.iter().all(|placed| placed.glyph != 0 && !placed.meaning.is_empty()));
                }
            }
            prop_assert!(fonts.embed(book, &mut 1000, &mut Packer::quick()).is_ok());
            Ok(())
        })?;
    }
}

thread_local! {
    /// One book for all the texts of a property.
    static BOOK: FontBook = book();
}
