//! The structure tree: what is read, in what order, and as what.

use copiste_core::render::{Copy, Node, NodeId, NodeKind, Scope};

use super::marks::{Mark, Marks};
use super::syntax;

/// The standard structure type of a node, as a name (ISO 32000-1, 14.8.4). None but standard
/// types are used, so no role map is needed.
pub fn name(kind: NodeKind) -> &'static [u8] {
    match kind {
        NodeKind::Document => b"/Document",
        NodeKind::Section => b"/Sect",
        NodeKind::Heading(1) => b"/H1",
        NodeKind::Heading(2) => b"/H2",
        NodeKind::Heading(3) => b"/H3",
        NodeKind::Heading(4) => b"/H4",
        NodeKind::Heading(5) => b"/H5",
        NodeKind::Heading(_) => b"/H6",
        NodeKind::Paragraph => b"/P",
        NodeKind::Table => b"/Table",
        NodeKind::Row => b"/TR",
        NodeKind::HeaderCell(_) => b"/TH",
        NodeKind::Cell => b"/TD",
        NodeKind::Figure => b"/Figure",
        NodeKind::Link => b"/Link",
    }
}

/// Numbers that structure elements refer to.
pub struct Numbers<'a> {
    /// The object of each node, by its index; 0 for one that is left out.
    pub nodes: &'a [u32],
    /// The object of the first sheet's page; the others follow.
    pub first_page: u32,
    /// The objects of link annotations, by their number.
    pub links: &'a [u32],
}

/// Which nodes are written: those that painted something, those above them, and all cells, since
/// every row needs as many.
pub fn live(copy: &Copy, marks: &Marks, live: &mut Vec<bool>) {
    live.clear();
    live.resize(copy.nodes().len(), false);
    for (index, node) in copy.nodes().iter().enumerate().rev() {
        if live[index] || marks.painted(node_id(copy, index)) || is_cell(node) {
            live[index] = true;
            live[node.parent.index()] = true;
        }
    }
}

fn is_cell(node: &Node) -> bool {
    matches!(node.kind, NodeKind::Cell | NodeKind::HeaderCell(_))
}

fn node_id(copy: &Copy, index: usize) -> NodeId {
    copy.node_id(index)
}

/// Appends the structure element of a node.
pub fn element(out: &mut Vec<u8>, copy: &Copy, marks: &Marks, id: NodeId, root: u32, numbers: &Numbers<'_>) {
    let node = copy.node(id);
    out.extend_from_slice(b"<</S");
    out.extend_from_slice(name(node.kind));
    out.extend_from_slice(b"/P ");
    syntax::reference(out, if id == NodeId::DOCUMENT { root } else { numbers.nodes[node.parent.index()] });
    // Alternative words stand for figures; a link's own words are its contents.
    let says = copy.says(id);
    if !says.is_empty() {
        out.extend_from_slice(b"/Alt");
        syntax::text_string(out, says);
    }
    match node.kind {
        NodeKind::HeaderCell(Scope::Column) => out.extend_from_slice(b"/A<</O/Table/Scope/Column>>"),
        NodeKind::HeaderCell(Scope::Row) => out.extend_from_slice(b"/A<</O/Table/Scope/Row>>"),
        NodeKind::Figure if marks.painted(id) => {
            let bounds = marks.bounds(id);
            if bounds[0] <= bounds[2] {
                out.extend_from_slice(b"/A<</O/Layout/BBox[");
                syntax::reals(out, &bounds.map(|edge| (edge * 100.0).round() / 100.0));
                out.extend_from_slice(b"]>>");
            }
        }
        _ => {}
    }
    kids(out, copy, marks, id, numbers);
    out.extend_from_slice(b">>");
}

fn kids(out: &mut Vec<u8>, copy: &Copy, marks: &Marks, id: NodeId, numbers: &Numbers<'_>) {
    let page = |sheet: u32| numbers.first_page + sheet;
    let first = marks.of(id).next();
    if let Some(mark) = first {
        out.extend_from_slice(b"/Pg ");
        syntax::reference(out, page(mark.sheet));
    }
    let children = || copy.children(id).filter(|child| numbers.nodes[child.index()] != 0);
    let count = marks.of(id).take(2).count() + children().take(2).count();
    if count == 0 {
        return;
    }
    out.extend_from_slice(if count == 1 { b"/K " } else { b"/K[" });
    let mut between = false;
    let mut gap = |out: &mut Vec<u8>| {
        if std::mem::replace(&mut between, true) {
            out.push(b' ');
        }
    };
    for mark in marks.of(id) {
        gap(out);
        content(out, mark, first, &page, numbers);
    }
    for child in children() {
        gap(out);
        syntax::reference(out, numbers.nodes[child.index()]);
    }
    if count > 1 {
        out.push(b']');
    }
}

fn content(
    out: &mut Vec<u8>,
    mark: Mark,
    first: Option<Mark>,
    page: &dyn Fn(u32) -> u32,
    numbers: &Numbers<'_>,
) {
    if mark.link {
        out.extend_from_slice(b"<</Type/OBJR/Obj ");
        syntax::reference(out, numbers.links.get(mark.number as usize).copied().unwrap_or(0));
        out.extend_from_slice(b"/Pg ");
        syntax::reference(out, page(mark.sheet));
        out.extend_from_slice(b">>");
    } else if first.is_some_and(|first| first.sheet == mark.sheet) {
        syntax::unsigned(out, u64::from(mark.number));
    } else {
        out.extend_from_slice(b"<</Type/MCR/Pg ");
        syntax::reference(out, page(mark.sheet));
        out.extend_from_slice(b"/MCID ");
        syntax::unsigned(out, u64::from(mark.number));
        out.extend_from_slice(b">>");
    }
}

/// Appends the parent tree: for every sheet the owners of its marks, for every link its node.
pub fn parent_tree(out: &mut Vec<u8>, marks: &Marks, links: &[NodeId], numbers: &Numbers<'_>) {
    out.extend_from_slice(b"<</Nums[");
    let mut key = 0;
    for owners in marks.sheets() {
        syntax::unsigned(out, key);
        out.push(b'[');
        for (index, owner) in owners.iter().enumerate() {
            if index > 0 {
                out.push(b' ');
            }
            syntax::reference(out, numbers.nodes[owner.index()]);
        }
        out.extend_from_slice(b"]");
        key += 1;
    }
    for link in links {
        syntax::unsigned(out, key);
        out.push(b' ');
        syntax::reference(out, numbers.nodes[link.index()]);
        out.push(b' ');
        key += 1;
    }
    out.extend_from_slice(b"]>>");
}
