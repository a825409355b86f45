//! What the marker wrote or drew on a page.
#![allow(missing_docs, reason = "the archived twin of an enum with named fields is derived without its docs")]

use std::collections::BTreeMap;

use rkyv::{Archive, Deserialize, Serialize};

/// A length as a fraction of the page as seen upright, in 1/100,000.
///
/// 0 is the left or top edge, 100,000 the right or bottom edge; an annotation may reach outside.
/// On A3 one unit is 0.012 points: finer than any pen, and free of floating point.
pub type Fraction = i32;

/// How many [`Fraction`] units make the page's whole width or height.
pub const WHOLE: Fraction = 100_000;

/// A place on the page: `x` of its width, `y` of its height, origin top left.
#[derive(Archive, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
#[rkyv(derive(Debug, Clone, Copy))]
pub struct Spot {
    /// From the left edge.
    pub x: Fraction,
    /// From the top edge.
    pub y: Fraction,
}

/// A box on the page.
#[derive(Archive, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
#[rkyv(derive(Debug, Clone, Copy))]
pub struct Area {
    /// Left edge.
    pub x: Fraction,
    /// Top edge.
    pub y: Fraction,
    /// Of the page's width.
    pub width: Fraction,
    /// Of the page's height.
    pub height: Fraction,
}

/// Ready-made signs.
#[derive(Archive, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
#[rkyv(derive(Debug, Clone, Copy, PartialEq, Eq))]
pub enum Stamp {
    /// Right.
    Tick,
    /// Wrong.
    Cross,
    /// Unclear.
    Question,
    /// Look here.
    Circle,
    /// *Lu*: seen, nothing to say.
    Read,
}

/// One annotation.
#[derive(Archive, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[rkyv(derive(Debug))]
pub struct Annotation {
    /// Page of the script, from 1.
    pub page: u32,
    /// Red, green, blue.
    pub colour: [u8; 3],
    /// 0 to 100 (per cent).
    pub opacity: u8,
    /// Label of the question it belongs to.
    pub question: Option<String>,
    /// What it is.
    pub shape: Shape,
}

/// The kinds of annotation (CONTRACTS, section 1). Widths and text sizes are centipoints
/// (1/100 point), angles whole degrees clockwise.
#[derive(Archive, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[rkyv(derive(Debug))]
pub enum Shape {
    /// Words in a box that starts at `x`, `y`, wrapped at `width`.
    Text {
        /// Where; a height of 0 means as high as needed.
        area: Area,
        /// What was typed, line breaks kept.
        text: String,
        /// Centipoints.
        size: u32,
        /// Degrees, clockwise, about the box's top left corner.
        rotation: i32,
    },
    /// Strokes of a pen.
    Ink {
        /// Each at least one point; a single point is a dot.
        strokes: Vec<Vec<Spot>>,
        /// Centipoints.
        width: u32,
    },
    /// A straight line.
    Line {
        /// Start.
        from: Spot,
        /// End.
        to: Spot,
        /// Centipoints.
        width: u32,
    },
    /// A line with a head at `to`.
    Arrow {
        /// Start.
        from: Spot,
        /// End, where the head is.
        to: Spot,
        /// Centipoints.
        width: u32,
    },
    /// A box.
    Rectangle {
        /// Where.
        area: Area,
        /// Centipoints.
        line_width: u32,
        /// Inside colour.
        fill: Option<[u8; 3]>,
    },
    /// An ellipse that touches its box.
    Ellipse {
        /// Where.
        area: Area,
        /// Centipoints.
        line_width: u32,
        /// Inside colour.
        fill: Option<[u8; 3]>,
    },
    /// Marker pen: multiplied with the scan.
    Highlight {
        /// Where.
        area: Area,
    },
    /// A line under words.
    Underline {
        /// Start.
        from: Spot,
        /// End.
        to: Spot,
        /// Centipoints.
        width: u32,
    },
    /// A line through words.
    Strike {
        /// Start.
        from: Spot,
        /// End.
        to: Spot,
        /// Centipoints.
        width: u32,
    },
    /// A ready-made sign, centred on `at`.
    Stamp {
        /// Centre.
        at: Spot,
        /// Height of the sign in centipoints.
        size: u32,
        /// Which.
        stamp: Stamp,
    },
    /// A mark written in the margin.
    Mark {
        /// Left end of its base line.
        at: Spot,
        /// Such as `0,5` or `+1`.
        text: String,
    },
}

impl ArchivedShape {
    /// Whether it reaches outside of its page: by places only, since how far text or a stamp extends is the
    /// renderer's knowledge.
    pub fn reaches_outside(&self) -> bool {
        let within = |x: i32, y: i32| (0..=WHOLE).contains(&x) && (0..=WHOLE).contains(&y);
        let out = |spot: &ArchivedSpot| !within(spot.x.to_native(), spot.y.to_native());
        let beyond = |area: &ArchivedArea| {
            let (x, y) = (area.x.to_native(), area.y.to_native());
            let (width, height) = (area.width.to_native(), area.height.to_native());
            !within(x, y) || !within(x.saturating_add(width), y.saturating_add(height))
        };
        match self {
            ArchivedShape::Text { area, .. }
            | ArchivedShape::Rectangle { area, .. }
            | ArchivedShape::Ellipse { area, .. }
            | ArchivedShape::Highlight { area } => beyond(area),
            ArchivedShape::Ink { strokes, .. } => strokes.iter().flat_map(|stroke| stroke.iter()).any(out),
            ArchivedShape::Line { from, to, .. }
            | ArchivedShape::Arrow { from, to, .. }
            | ArchivedShape::Underline { from, to, .. }
            | ArchivedShape::Strike { from, to, .. } => out(from) || out(to),
            ArchivedShape::Stamp { at, .. } | ArchivedShape::Mark { at, .. } => out(at),
        }
    }
}

/// How many annotations reach outside of their page, by page.
pub fn annotations_outside(annotations: &[ArchivedAnnotation]) -> BTreeMap<u32, u64> {
    let mut found = BTreeMap::new();
    for annotation in annotations.iter().filter(|annotation| annotation.shape.reaches_outside()) {
        *found.entry(annotation.page.to_native()).or_default() += 1;
    }
    found
}
