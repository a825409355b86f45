//! Which painted things belong to which node: the marked-content numbers of a copy.

use copiste_core::render::{Copy, NodeId};

const NONE: u32 = u32::MAX;

/// A stretch of a sheet's contents that belongs to a node.
#[derive(Clone, Copy, Debug)]
pub struct Mark {
    /// The sheet's place in the document, from 0.
    pub sheet: u32,
    /// Its number among the sheet's marks (MCID); for a link, the number of its annotation.
    pub number: u32,
    /// Whether it is a link annotation and not contents.
    pub link: bool,
    next: u32,
}

/// What one node has painted.
#[derive(Clone, Copy, Debug)]
struct Painted {
    first: u32,
    last: u32,
    /// Left, bottom, right, top in the user space of the first sheet; empty when left > right.
    bounds: [f32; 4],
}

/// An empty box.
pub const NOWHERE: [f32; 4] = [f32::MAX, f32::MAX, f32::MIN, f32::MIN];

/// All marks of a copy, by node and by sheet.
#[derive(Debug, Default)]
pub struct Marks {
    marks: Vec<Mark>,
    nodes: Vec<Painted>,
    /// Owners of all sheets' marks, one after another.
    owners: Vec<NodeId>,
    /// Where each sheet's owners begin.
    sheets: Vec<usize>,
}

impl Marks {
    /// Makes ready for a copy.
    pub fn restart(&mut self, copy: &Copy) {
        self.marks.clear();
        self.owners.clear();
        self.sheets.clear();
        self.nodes.clear();
        self.nodes.resize(copy.nodes().len(), Painted { first: NONE, last: NONE, bounds: NOWHERE });
    }

    /// The next sheet begins; its numbers start at 0.
    pub fn begin_sheet(&mut self) {
        self.sheets.push(self.owners.len());
    }

    /// A new stretch of contents for a node; its number is returned.
    pub fn begin(&mut self, node: NodeId) -> u32 {
        let start = self.sheets.last().copied().unwrap_or(0);
        let number = u32::try_from(self.owners.len() - start).unwrap_or(NONE);
        self.owners.push(node);
        self.add(node, number, false);
        number
    }

    /// A link annotation of a node.
    pub fn link(&mut self, node: NodeId, annotation: u32) {
        self.add(node, annotation, true);
    }

    fn add(&mut self, node: NodeId, number: u32, link: bool) {
        let sheet = u32::try_from(self.sheets.len()).unwrap_or(NONE).saturating_sub(1);
        let at = u32::try_from(self.marks.len()).unwrap_or(NONE);
        self.marks.push(Mark { sheet, number, link, next: NONE });
        let painted = &mut self.nodes[node.index()];
        match self.marks.get_mut(painted.last as usize) {
            Some(before) => before.next = at,
            None => painted.first = at,
        }
        painted.last = at;
    }

    /// The node paints within this box (left, bottom, right, top in user space).
    pub fn reach(&mut self, node: NodeId, area: [f32; 4]) {
        let bounds = &mut self.nodes[node.index()].bounds;
        *bounds =
            [bounds[0].min(area[0]), bounds[1].min(area[1]), bounds[2].max(area[2]), bounds[3].max(area[3])];
    }

    /// The box of what a node painted.
    pub fn bounds(&self, node: NodeId) -> [f32; 4] {
        self.nodes[node.index()].bounds
    }

    /// Whether a node painted anything.
    pub fn painted(&self, node: NodeId) -> bool {
        self.nodes[node.index()].first != NONE
    }

    /// A node's marks, in painting order.
    pub fn of(&self, node: NodeId) -> impl Iterator<Item = Mark> {
        let mut next = self.nodes[node.index()].first;
        std::iter::from_fn(move || {
            let mark = self.marks.get(next as usize)?;
            next = mark.next;
            Some(*mark)
        })
    }

    /// The owners of each sheet's marks, by number.
    pub fn sheets(&self) -> impl Iterator<Item = &[NodeId]> {
        let ends = self.sheets.iter().skip(1).copied().chain([self.owners.len()]);
        self.sheets.iter().zip(ends).map(|(start, end)| &self.owners[*start..end])
    }
}
