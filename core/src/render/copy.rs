//! The copy being drawn: an arena of sheets, items and reading order.

use std::ops::Range;
use std::sync::Arc;

use super::FontRole;
use super::measure::{HalfEm, Measure, break_lines};
use super::reading::{Node, NodeId, NodeKind};
use super::sheet::{Group, Item, Owner, Paint, Point, Sheet, SheetId, Step, TextStyle};
use crate::model::Frame;

/// Marks the end of a chain.
const NONE: u32 = u32::MAX;

/// Sheets in order, their items, the reading order: what renderers fill and a composer reads.
///
/// Lives as long as its worker: cleared for the next copy, never freed. Renderers see sheets and
/// words; what they become is the composer's business.
pub struct Copy {
    sheets: Vec<Sheet>,
    front: Vec<SheetId>,
    pages: Vec<SheetId>,
    items: Vec<Entry>,
    steps: Vec<Step>,
    text: String,
    nodes: Vec<Node>,
    lines: Vec<Range<usize>>,
    measure: Arc<dyn Measure>,
}

#[derive(Clone, Copy)]
struct Entry {
    owner: Owner,
    kept: Kept,
    next: u32,
}

#[derive(Clone, Copy)]
enum Kept {
    Scan { page: u32 },
    Path { start: u32, end: u32, paint: Paint },
    Text { start: u32, end: u32, style: TextStyle, matrix: [f32; 6] },
    Link { area: [f32; 4], target: (u32, u32), says: (u32, u32) },
}

impl Default for Copy {
    fn default() -> Copy {
        let mut copy = Copy {
            sheets: Vec::new(),
            front: Vec::new(),
            pages: Vec::new(),
            items: Vec::new(),
            steps: Vec::new(),
            text: String::new(),
            nodes: Vec::new(),
            lines: Vec::new(),
            measure: Arc::new(HalfEm),
        };
        copy.clear();
        copy
    }
}

/// A position in an arena. No copy comes near four thousand million of anything: its record has
/// at most 64 KiB, its annotations come from one line of a bundle.
#[inline]
fn position(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(NONE - 1)
}

impl Copy {
    /// Makes ready for another copy, keeping the buffers.
    pub fn clear(&mut self) {
        self.sheets.clear();
        self.front.clear();
        self.pages.clear();
        self.items.clear();
        self.steps.clear();
        self.text.clear();
        self.nodes.clear();
        for kind in [NodeKind::Document, NodeKind::Section, NodeKind::Section] {
            self.add_node(NodeId::DOCUMENT, kind);
        }
    }

    /// Says how words are measured from now on.
    pub fn measure_with(&mut self, measure: &Arc<dyn Measure>) {
        if !Arc::ptr_eq(&self.measure, measure) {
            self.measure = Arc::clone(measure);
        }
    }

    // ---- sheets ----

    /// Adds a sheet at the end of a group. What is drawn on it is read under `section`: a node of
    /// its own, or one that several sheets continue.
    pub fn add_sheet(&mut self, group: Group, frame: Frame, section: NodeId) -> SheetId {
        let id = SheetId(position(self.sheets.len()));
        self.sheets.push(Sheet { group, frame, section, filled: 0.0, first: NONE, last: NONE });
        match group {
            Group::Front => self.front.push(id),
            Group::Pages => self.pages.push(id),
        }
        id
    }

    /// The sheets of a group, in order.
    pub fn sheets(&self, group: Group) -> &[SheetId] {
        match group {
            Group::Front => &self.front,
            Group::Pages => &self.pages,
        }
    }

    /// The sheet of a page of the script, from 1.
    #[inline]
    pub fn page(&self, number: u32) -> Option<SheetId> {
        let index = usize::try_from(number).ok()?.checked_sub(1)?;
        self.pages.get(index).copied()
    }

    /// A sheet.
    #[inline]
    pub fn sheet(&self, id: SheetId) -> &Sheet {
        &self.sheets[id.0 as usize]
    }

    /// Leaves this sheet alone, with what is drawn on it; the others are gone. It has another name afterwards:
    /// ask for it as the first of [`Group::Pages`].
    pub fn keep_only(&mut self, id: SheetId) {
        let sheet = Sheet { group: Group::Pages, ..self.sheets[id.0 as usize] };
        self.sheets.clear();
        self.sheets.push(sheet);
        self.front.clear();
        self.pages.clear();
        self.pages.push(SheetId(0));
    }

    /// Takes away what is drawn so far; sheets and reading order stay.
    pub fn wipe(&mut self) {
        for sheet in &mut self.sheets {
            (sheet.first, sheet.last) = (NONE, NONE);
        }
    }

    /// How many sheets there are in both groups.
    pub fn sheet_count(&self) -> usize {
        self.sheets.len()
    }

    /// How far down a sheet is filled, in points: where a renderer goes on that continues what
    /// another began.
    pub fn filled(&self, id: SheetId) -> f32 {
        self.sheet(id).filled
    }

    /// Says how far down a sheet is filled.
    pub fn fill_to(&mut self, id: SheetId, y: f32) {
        self.sheets[id.0 as usize].filled = y;
    }

    // ---- reading order ----

    /// Adds a node after its parent's other children.
    pub fn add_node(&mut self, parent: NodeId, kind: NodeKind) -> NodeId {
        self.add_node_that_says(parent, kind, "")
    }

    /// Adds a node with the words, in French, that stand for it where it cannot be seen. A figure
    /// needs them.
    pub fn add_node_that_says(&mut self, parent: NodeId, kind: NodeKind, says: &str) -> NodeId {
        let id = NodeId(position(self.nodes.len()));
        let says = self.keep(says);
        self.nodes.push(Node { kind, parent, says, first_child: NONE, last_child: NONE, next: NONE });
        if id != NodeId::DOCUMENT {
            let last = self.nodes[parent.index()].last_child;
            match self.nodes.get_mut(last as usize) {
                Some(elder) => elder.next = id.0,
                None => self.nodes[parent.index()].first_child = id.0,
            }
            self.nodes[parent.index()].last_child = id.0;
        }
        id
    }

    /// All nodes, in the order they were added: a parent stands before its children.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The name of the node at this position of [`Copy::nodes`].
    #[inline]
    pub fn node_id(&self, index: usize) -> NodeId {
        NodeId(position(index))
    }

    /// A node.
    #[inline]
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.index()]
    }

    /// The words that stand for a node.
    #[inline]
    pub fn says(&self, id: NodeId) -> &str {
        self.kept(self.nodes[id.index()].says)
    }

    /// A node's children, in reading order.
    #[inline]
    pub fn children(&self, id: NodeId) -> impl Iterator<Item = NodeId> {
        let mut next = self.nodes[id.index()].first_child;
        std::iter::from_fn(move || {
            let child = self.nodes.get(next as usize)?;
            let id = NodeId(next);
            next = child.next;
            Some(id)
        })
    }

    // ---- drawing ----

    /// Places the scan of a page of the script (index from 0) where its record says.
    pub fn place_scan(&mut self, sheet: SheetId, owner: impl Into<Owner>, page: u32) {
        self.push(sheet, owner.into(), Kept::Scan { page });
    }

    /// Sets one line of text with its base line starting at `at`. Control characters are left
    /// out, a tab becomes a space.
    pub fn text(&mut self, sheet: SheetId, owner: impl Into<Owner>, style: TextStyle, at: Point, text: &str) {
        self.text_under(sheet, owner, style, [1.0, 0.0, 0.0, 1.0, at[0], at[1]], text);
    }

    /// The same under a matrix: see [`Item::Text`].
    pub fn text_under(
        &mut self,
        sheet: SheetId,
        owner: impl Into<Owner>,
        style: TextStyle,
        matrix: [f32; 6],
        text: &str,
    ) {
        let (start, end) = self.keep(text);
        if end > start {
            self.push(sheet, owner.into(), Kept::Text { start, end, style, matrix });
        }
    }

    /// Starts a path; its steps are added on what is returned.
    pub fn path(&mut self, sheet: SheetId, owner: impl Into<Owner>, paint: Paint) -> PathPen<'_> {
        let start = position(self.steps.len());
        self.push(sheet, owner.into(), Kept::Path { start, end: start, paint });
        let Copy { items, steps, .. } = self;
        PathPen { items, steps }
    }

    /// Makes an area (left, top, right, bottom) lead to an absolute URI. `node` is a
    /// [`NodeKind::Link`], the same that owns the words or shapes to click on.
    pub fn link(&mut self, sheet: SheetId, node: NodeId, area: [f32; 4], target: &str, says: &str) {
        let target = self.keep(target);
        let says = self.keep(says);
        self.push(sheet, Owner::Node(node), Kept::Link { area, target, says });
    }

    /// What is drawn on a sheet, in drawing order, with its place in the reading order.
    #[inline]
    pub fn items(&self, sheet: SheetId) -> impl Iterator<Item = (Owner, Item<'_>)> {
        let mut next = self.sheets[sheet.0 as usize].first;
        std::iter::from_fn(move || {
            let entry = self.items.get(next as usize)?;
            next = entry.next;
            let item = match entry.kept {
                Kept::Scan { page } => Item::Scan { page },
                Kept::Path { start, end, paint } => {
                    Item::Path { steps: &self.steps[start as usize..end as usize], paint }
                }
                Kept::Text { start, end, style, matrix } => {
                    Item::Text { text: self.kept((start, end)), style, matrix }
                }
                Kept::Link { area, target, says } => {
                    Item::Link { area, target: self.kept(target), says: self.kept(says) }
                }
            };
            Some((entry.owner, item))
        })
    }

    // ---- words ----

    /// The width in points of one line of text.
    #[inline]
    pub fn width(&self, role: FontRole, size: f32, text: &str) -> f32 {
        self.measure.width(role, text) * size
    }

    /// Breaks text into lines no wider than `width` points: see [`break_lines`].
    pub fn break_lines(
        &self,
        role: FontRole,
        size: f32,
        text: &str,
        width: f32,
        lines: &mut Vec<Range<usize>>,
    ) {
        break_lines(&*self.measure, role, size, text, width, lines);
    }

    /// Sets text in lines under one another, the first base line starting at `at`, each `leading`
    /// points under the one before; returns the base line after the last.
    #[expect(clippy::too_many_arguments, reason = "each is a plain dimension of a block of text")]
    pub fn block(
        &mut self,
        sheet: SheetId,
        owner: impl Into<Owner>,
        style: TextStyle,
        at: Point,
        width: f32,
        leading: f32,
        text: &str,
    ) -> f32 {
        let owner = owner.into();
        let mut lines = std::mem::take(&mut self.lines);
        self.break_lines(style.role, style.size, text, width, &mut lines);
        let mut y = at[1];
        for line in &lines {
            self.text(sheet, owner, style, [at[0], y], &text[line.clone()]);
            y += leading;
        }
        self.lines = lines;
        y
    }

    // ---- the arena ----

    #[inline]
    fn push(&mut self, sheet: SheetId, owner: Owner, kept: Kept) {
        let at = position(self.items.len());
        self.items.push(Entry { owner, kept, next: NONE });
        let sheet = &mut self.sheets[sheet.0 as usize];
        match self.items.get_mut(sheet.last as usize) {
            Some(before) => before.next = at,
            None => sheet.first = at,
        }
        sheet.last = at;
    }

    /// Keeps words without control characters, which no font has and XML refuses.
    fn keep(&mut self, text: &str) -> (u32, u32) {
        let start = position(self.text.len());
        // Every byte is looked at, without a way out: so the compiler looks at many at a time.
        let suspect = text.bytes().fold(false, |found, byte| found | is_suspect(byte));
        if suspect && text.chars().any(is_control) {
            self.text.extend(text.chars().filter_map(|character| match character {
                '\t' | '\n' => Some(' '),
                _ if is_control(character) => None,
                _ => Some(character),
            }));
        } else {
            self.text.push_str(text);
        }
        (start, position(self.text.len()))
    }

    #[inline]
    fn kept(&self, (start, end): (u32, u32)) -> &str {
        &self.text[start as usize..end as usize]
    }
}

/// Control characters, the byte order mark and what Unicode says is no character.
fn is_control(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{FDD0}'..='\u{FDEF}' | '\u{2028}' | '\u{2029}')
        || u32::from(character) & 0xFFFE == 0xFFFE
}

/// Whether a byte can be, or begin, a control character in UTF-8.
#[inline]
fn is_suspect(byte: u8) -> bool {
    (byte < 0x20) | (byte == 0x7F) | (byte == 0xC2) | (byte == 0xE2) | (byte >= 0xEF)
}

/// Adds steps to the path begun last.
pub struct PathPen<'a> {
    items: &'a mut Vec<Entry>,
    steps: &'a mut Vec<Step>,
}

/// Distance of a circle's control points from its ends, in radii: 4/3·(√2 − 1).
const ROUND: f32 = 0.552_284_8;

impl PathPen<'_> {
    /// Starts a new stretch.
    pub fn move_to(&mut self, x: f32, y: f32) -> &mut Self {
        self.step(Step::Move([x, y]))
    }

    /// Straight to.
    pub fn line_to(&mut self, x: f32, y: f32) -> &mut Self {
        self.step(Step::Line([x, y]))
    }

    /// Along a cubic Bézier curve.
    pub fn curve_to(&mut self, first: Point, second: Point, end: Point) -> &mut Self {
        self.step(Step::Curve(first, second, end))
    }

    /// Back to the stretch's start.
    pub fn close(&mut self) -> &mut Self {
        self.step(Step::Close)
    }

    /// A whole rectangle.
    pub fn rectangle(&mut self, left: f32, top: f32, width: f32, height: f32) -> &mut Self {
        self.step(Step::Rectangle([left, top], [width, height]))
    }

    /// A whole ellipse within a rectangle.
    pub fn ellipse(&mut self, left: f32, top: f32, width: f32, height: f32) -> &mut Self {
        let (rx, ry) = (width / 2.0, height / 2.0);
        let (cx, cy) = (left + rx, top + ry);
        let (kx, ky) = (rx * ROUND, ry * ROUND);
        self.move_to(cx + rx, cy)
            .curve_to([cx + rx, cy + ky], [cx + kx, cy + ry], [cx, cy + ry])
            .curve_to([cx - kx, cy + ry], [cx - rx, cy + ky], [cx - rx, cy])
            .curve_to([cx - rx, cy - ky], [cx - kx, cy - ry], [cx, cy - ry])
            .curve_to([cx + kx, cy - ry], [cx + rx, cy - ky], [cx + rx, cy])
            .close()
    }

    #[inline]
    fn step(&mut self, step: Step) -> &mut Self {
        self.steps.push(step);
        let now = position(self.steps.len());
        if let Some(Entry { kept: Kept::Path { end, .. }, .. }) = self.items.last_mut() {
            *end = now;
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sheet_is_kept_alone_and_what_is_drawn_is_taken_away() {
        let mut copy = drawn();
        let second = copy.page(2).expect("two sheets");
        let kept: Vec<String> = copy.items(second).map(|(_, item)| format!("{item:?}")).collect();
        assert_eq!(kept.len(), 2);
        copy.keep_only(second);
        let only = copy.page(1).expect("one sheet");
        assert_eq!((copy.sheet_count(), copy.page(2), copy.sheets(Group::Front).len()), (1, None, 0));
        assert!(copy.items(only).map(|(_, item)| format!("{item:?}")).eq(kept));
        copy.wipe();
        assert_eq!(copy.items(only).count(), 0);
        copy.path(only, Owner::Artifact, Paint::fill([0; 3])).rectangle(0.0, 0.0, 1.0, 1.0);
        assert_eq!(copy.items(only).count(), 1);
    }

    fn drawn() -> Copy {
        let mut copy = Copy::default();
        let section = copy.add_node(NodeId::PAGES, NodeKind::Section);
        let first = copy.add_sheet(Group::Pages, Frame::plain(100.0, 200.0), section);
        let second = copy.add_sheet(Group::Pages, Frame::plain(100.0, 200.0), section);
        let words = copy.add_node(section, NodeKind::Paragraph);
        copy.text(second, words, TextStyle::new(FontRole::Text, 10.0), [1.0, 2.0], "Vu\u{0}\tbien");
        copy.path(first, Owner::Artifact, Paint::fill([1, 2, 3])).rectangle(0.0, 0.0, 5.0, 5.0);
        copy.text(second, words, TextStyle::new(FontRole::Text, 10.0), [1.0, 2.0], "puis");
        copy
    }

    #[test]
    fn items_stay_on_their_sheet_in_drawing_order_however_they_are_mixed() {
        let copy = drawn();
        let words: Vec<_> = copy
            .page(2)
            .into_iter()
            .flat_map(|sheet| copy.items(sheet))
            .map(|(_, item)| match item {
                Item::Text { text, .. } => text,
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(words, ["Vu bien", "puis"]);
        assert_eq!(copy.page(1).into_iter().flat_map(|sheet| copy.items(sheet)).count(), 1);
        assert_eq!((copy.page(0), copy.page(3)), (None, None));
    }

    #[test]
    fn a_cleared_copy_is_as_new() {
        let mut copy = drawn();
        copy.clear();
        assert_eq!((copy.sheet_count(), copy.nodes().len()), (0, 3));
        assert_eq!(copy.children(NodeId::DOCUMENT).collect::<Vec<_>>(), [NodeId::FRONT, NodeId::PAGES]);
        assert_eq!(copy.children(NodeId::PAGES).count(), 0);
    }
}
