//! What a sheet shows: scans, paths, text, links, each with its place in the reading order.
//!
//! Places are points (1/72 inch) on the sheet as it is seen upright, origin top left, y downwards.

use super::{FontRole, NodeId};
use crate::model::Frame;

/// Red, green, blue.
pub type Colour = [u8; 3];

/// A place on the sheet: points from its left and top edges.
pub type Point = [f32; 2];

/// Names a sheet of one copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SheetId(pub(super) u32);

/// The two stacks of sheets a copy is made of, in the order they are bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// Marking sheets, before the scans.
    Front,
    /// One sheet a scanned page, in order.
    Pages,
}

/// One sheet.
#[derive(Clone, Copy, Debug)]
pub struct Sheet {
    /// Which stack it lies in.
    pub group: Group,
    /// The paper.
    pub frame: Frame,
    /// The node under which what is drawn on this sheet is read.
    pub section: NodeId,
    pub(super) filled: f32,
    pub(super) first: u32,
    pub(super) last: u32,
}

/// Whether an item is read, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// Content of a node of the reading order.
    Node(NodeId),
    /// Decoration: rules, frames, repeated headers, page numbers. Never read aloud.
    Artifact,
}

impl From<NodeId> for Owner {
    fn from(node: NodeId) -> Owner {
        Owner::Node(node)
    }
}

/// How a colour meets what lies under it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Blend {
    /// Covers.
    #[default]
    Normal,
    /// Multiplies, as a marker pen on paper does.
    Multiply,
}

/// A pen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stroke {
    /// Its colour.
    pub colour: Colour,
    /// Its width in points. Ends and corners are round.
    pub width: f32,
}

/// How a path is painted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Paint {
    /// The outline; none leaves it out.
    pub stroke: Option<Stroke>,
    /// The inside (non-zero winding); none leaves it out.
    pub fill: Option<Colour>,
    /// 0 to 100 (per cent).
    pub opacity: u8,
    /// How it meets what lies under it.
    pub blend: Blend,
}

impl Paint {
    /// An opaque outline.
    pub fn stroke(colour: Colour, width: f32) -> Paint {
        Paint { stroke: Some(Stroke { colour, width }), fill: None, opacity: 100, blend: Blend::Normal }
    }

    /// An opaque inside.
    pub fn fill(colour: Colour) -> Paint {
        Paint { stroke: None, fill: Some(colour), opacity: 100, blend: Blend::Normal }
    }

    /// The same, through which 100 − `opacity` per cent shows.
    pub fn with_opacity(self, opacity: u8) -> Paint {
        Paint { opacity: opacity.min(100), ..self }
    }
}

/// How words are set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TextStyle {
    /// Which font.
    pub role: FontRole,
    /// Points.
    pub size: f32,
    /// Ink.
    pub colour: Colour,
    /// 0 to 100 (per cent).
    pub opacity: u8,
}

impl TextStyle {
    /// Opaque black.
    pub fn new(role: FontRole, size: f32) -> TextStyle {
        TextStyle { role, size, colour: [0; 3], opacity: 100 }
    }

    /// The same in another colour.
    pub fn with_colour(self, colour: Colour) -> TextStyle {
        TextStyle { colour, ..self }
    }
}

/// One step of a path.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Step {
    /// Starts a new stretch.
    Move(Point),
    /// Straight to.
    Line(Point),
    /// A cubic Bézier curve: two control points and the end.
    Curve(Point, Point, Point),
    /// Back to the stretch's start.
    Close,
    /// A whole rectangle: its left top corner, its width and height.
    Rectangle(Point, Point),
}

/// What one item of a sheet is, as a composer reads it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Item<'a> {
    /// The scan of a page of the script, at the place its record gives.
    Scan {
        /// Index in [`crate::model::Script::pages`], from 0.
        page: u32,
    },
    /// A line or a shape.
    Path {
        /// Its steps.
        steps: &'a [Step],
        /// How it is painted.
        paint: Paint,
    },
    /// Words on one line.
    Text {
        /// What they say; no line breaks, no control characters.
        text: &'a str,
        /// How they are set.
        style: TextStyle,
        /// Takes the line (its base line starts at 0, 0; y downwards) to the sheet, as
        /// `x' = a·x + c·y + e`, `y' = b·x + d·y + f`.
        matrix: [f32; 6],
    },
    /// A place to click.
    Link {
        /// Left, top, right, bottom in points.
        area: [f32; 4],
        /// Where to: an absolute URI.
        target: &'a str,
        /// What it is, in French, for those who do not see it.
        says: &'a str,
    },
}
