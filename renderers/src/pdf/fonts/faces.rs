//! The faces: which there are, and which shows a character best.
//!
//! | faces | for | licence |
//! |---|---|---|
//! | DejaVu Sans Condensed, regular and bold (crate `dejavu`) | Latin, Greek, Cyrillic, Armenian, Georgian, mathematics, symbols | Bitstream Vera and Arev licences (free, embedding allowed); the DejaVu changes are public domain |
//! | Noto, one face a script (crate `mupdf-fonts-noto`) | every other script, rare mathematics, symbols, monochrome emoji, music | OFL-1.1 |
//! | Droid Sans Fallback Full (crate `mupdf-fonts-droid`) | Chinese, Japanese, Korean | Apache-2.0 |
//!
//! DejaVu's condensed cut was chosen by eye at 9 points among those that have a bold: an
//! ordinary width (the normal cut is a tenth wider than others), open shapes, distinct `1 l I`.

use std::fmt;
use std::sync::OnceLock;

use harfrust::{Font, GlyphId};
use unicode_script::{Script, UnicodeScript};

use super::FontRole;

/// The faces that serve several scripts, or none of their own.
const GENERAL: [(&str, Source); 10] = [
    ("DejaVuSansCondensed", Source::Regular),
    ("DejaVuSansCondensed-Bold", Source::Bold),
    ("DroidSansFallbackFull", Source::Droid),
    ("NotoNaskhArabic", Source::Noto("Naskh")),
    ("NotoSansMath", Source::Noto("Math")),
    ("NotoSansSymbols", Source::Noto("Symbols")),
    ("NotoSansSymbols2", Source::Noto("Symbols2")),
    ("NotoEmoji", Source::Noto("Emoji")),
    ("NotoMusic", Source::Noto("Music")),
    ("NotoSans", Source::Noto("")),
];

/// The regular face.
pub(super) const REGULAR: FaceId = FaceId::General(0);
/// The bold face.
pub(super) const BOLD: FaceId = FaceId::General(1);
const EAST_ASIAN: FaceId = FaceId::General(2);
const ARABIC: FaceId = FaceId::General(3);
/// The general faces from this one on, tried in order for what the others do not have.
const LAST_RESORTS: std::ops::Range<u8> = 4..10;

#[derive(Clone, Copy)]
enum Source {
    Regular,
    Bold,
    Droid,
    Noto(&'static str),
}

/// One of the faces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FaceId {
    /// Its place in [`GENERAL`].
    General(u8),
    /// The Noto face of a script.
    Script(Script),
}

/// A face, parsed.
pub(super) struct Face {
    /// Its name.
    pub(super) name: &'static str,
    /// The font file.
    pub(super) data: &'static [u8],
    /// Its tables, ready for shaping.
    pub(super) font: Font,
}

impl fmt::Debug for Face {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name)
    }
}

impl Face {
    fn load(name: &'static str, data: &'static [u8]) -> Option<Face> {
        let font = Font::new(data, 0)?;
        Some(Face { name, data, font })
    }

    /// The glyph of a character; never glyph 0.
    pub(super) fn glyph(&self, ch: char) -> Option<u16> {
        self.font.charmap().map_unicode(ch).and_then(|glyph| u16::try_from(glyph.to_u32()).ok())
    }

    /// A glyph's advance in thousandths of an em, rounded as `/W` says it and as PDF readers
    /// therefore move.
    pub(super) fn width(&self, glyph: u16) -> u16 {
        let advance = self.font.glyph_metrics().h_advance(GlyphId::from(glyph));
        self.thousandths(advance).clamp(0, i32::from(u16::MAX)) as u16
    }

    /// Font units as thousandths of an em, rounded.
    pub(super) fn thousandths(&self, units: f32) -> i32 {
        (f64::from(units) * 1000.0 / f64::from(self.font.units_per_em())).round() as i32
    }
}

/// All faces, each parsed when it is first asked for.
#[derive(Debug)]
pub(super) struct Faces {
    general: [OnceLock<Option<Face>>; GENERAL.len()],
    /// By the script's number in `unicode-script`, a `u8`.
    scripts: Vec<OnceLock<Option<Face>>>,
}

impl Faces {
    /// None parsed yet.
    pub(super) fn new() -> Faces {
        Faces {
            general: std::array::from_fn(|_| OnceLock::new()),
            scripts: (0..256).map(|_| OnceLock::new()).collect(),
        }
    }

    /// A face; none when the program has none for that script.
    pub(super) fn get(&self, id: FaceId) -> Option<&Face> {
        match id {
            FaceId::General(at) => {
                self.general.get(usize::from(at))?.get_or_init(|| load_general(at)).as_ref()
            }
            FaceId::Script(script) => {
                self.scripts.get(script as usize)?.get_or_init(|| load_script(script)).as_ref()
            }
        }
    }

    /// The face that shows all of `cluster`, tried in a fixed order: `neighbour` (so that
    /// punctuation follows its text), the script's own, the running face, the others.
    pub(super) fn choose(&self, role: FontRole, cluster: &str, neighbour: Option<FaceId>) -> Option<FaceId> {
        let script = script_of(cluster);
        let running = match role {
            FontRole::Text => REGULAR,
            FontRole::Strong => BOLD,
        };
        let neighbour = neighbour.filter(|_| is_shared(script));
        [neighbour, own_face(script), Some(running), Some(REGULAR)]
            .into_iter()
            .flatten()
            .chain(std::iter::once(EAST_ASIAN))
            .chain(LAST_RESORTS.map(FaceId::General))
            .find(|id| self.get(*id).is_some_and(|face| covers(face, cluster)))
    }
}

fn covers(face: &Face, cluster: &str) -> bool {
    cluster.chars().all(|ch| is_ignorable(ch) || face.glyph(ch).is_some())
}

/// The script of a cluster: that of its first character which has one.
pub(super) fn script_of(cluster: &str) -> Script {
    cluster.chars().map(|ch| ch.script()).find(|script| !is_shared(*script)).unwrap_or(Script::Common)
}

/// Whether characters of this script go with any other.
pub(super) fn is_shared(script: Script) -> bool {
    matches!(script, Script::Common | Script::Inherited | Script::Unknown)
}

fn own_face(script: Script) -> Option<FaceId> {
    match script {
        Script::Common | Script::Inherited | Script::Unknown => None,
        Script::Latin | Script::Greek | Script::Cyrillic | Script::Armenian | Script::Georgian => None,
        Script::Arabic => Some(ARABIC),
        Script::Han | Script::Hiragana | Script::Katakana | Script::Hangul | Script::Bopomofo => {
            Some(EAST_ASIAN)
        }
        other => Some(FaceId::Script(other)),
    }
}

fn load_general(at: u8) -> Option<Face> {
    let (name, source) = GENERAL.get(usize::from(at))?;
    let data = match source {
        Source::Regular => dejavu::sans_condensed::regular(),
        Source::Bold => dejavu::sans_condensed::bold(),
        Source::Droid => mupdf_fonts_droid::find_by_name("DroidSansFallbackFull", false, false)?.data,
        Source::Noto(stem) => mupdf_fonts_noto::find_by_stem(stem, false)?.data,
    };
    Face::load(name, data)
}

fn load_script(script: Script) -> Option<Face> {
    let stem = match script {
        Script::Meroitic_Cursive | Script::Meroitic_Hieroglyphs => "Meroitic".to_owned(),
        other => other.full_name().replace('_', ""),
    };
    let font = mupdf_fonts_noto::find_by_stem(&stem, false)?;
    Face::load(font.name, font.data)
}

/// Characters that are not seen whatever the face (Unicode's default ignorables): they may steer
/// shaping, and are never missing.
pub(super) fn is_ignorable(ch: char) -> bool {
    matches!(u32::from(ch),
        0xAD | 0x34F | 0x61C | 0x115F..=0x1160 | 0x17B4..=0x17B5 | 0x180B..=0x180F
        | 0x200B..=0x200F | 0x202A..=0x202E | 0x2060..=0x206F | 0x3164 | 0xFE00..=0xFE0F | 0xFEFF
        | 0xFFA0 | 0xFFF0..=0xFFF8 | 0x1BCA0..=0x1BCA3 | 0x1D173..=0x1D17A | 0xE0000..=0xE0FFF)
}
