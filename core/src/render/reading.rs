//! The reading order: a tree of what a copy says, in the order it is read aloud.

/// Names a node of one copy's reading order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub(super) u32);

impl NodeId {
    /// The whole document.
    pub const DOCUMENT: NodeId = NodeId(0);
    /// What the marking sheets say; comes first.
    pub const FRONT: NodeId = NodeId(1);
    /// What the scanned pages say.
    pub const PAGES: NodeId = NodeId(2);

    /// Position in [`super::Copy::nodes`].
    #[inline]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// What a header cell is the header of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// The column under it.
    Column,
    /// The row it begins.
    Row,
}

/// What a node is.
///
/// A heading of level 1 comes first in a document and levels are not skipped. A table holds rows,
/// a row holds cells, and every row of a table has as many. Items belong to leaves: headings,
/// paragraphs, cells, figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NodeKind {
    /// The root.
    Document,
    /// A stretch of the document.
    Section,
    /// A title, level 1 to 6.
    Heading(u8),
    /// Running text.
    Paragraph,
    /// A table.
    Table,
    /// A row of a table.
    Row,
    /// A cell that names others.
    HeaderCell(Scope),
    /// A cell.
    Cell,
    /// A picture: says [`Node::says`] instead of being seen.
    Figure,
    /// A place to click, with its words.
    Link,
}

/// One node.
#[derive(Clone, Copy, Debug)]
pub struct Node {
    /// What it is.
    pub kind: NodeKind,
    /// Its parent; the document's is itself.
    pub parent: NodeId,
    pub(super) says: (u32, u32),
    pub(super) first_child: u32,
    pub(super) last_child: u32,
    pub(super) next: u32,
}
