//! Any character a marker typed appears, in any script, and reads back.

mod document;

use std::fs;
use std::path::{Path, PathBuf};

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

/// Writes a document where a person can look at it.
fn written(name: &str, bytes: &[u8]) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/pictures");
    fs::create_dir_all(&folder).expect("the target folder can be written");
    let path = folder.join(name);
    fs::write(&path, bytes).expect("the target folder can be written");
    path
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
