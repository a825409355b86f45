//! What the marker wrote and drew, as SVG over the picture of a page: the very drawings that the PDF has.

use copiste_core::render::{Blend, Copy, FontRole, Item, NodeKind, Owner, Paint, Step};

use crate::api::annotations::colour;

/// The drawings of a page, in the points of the page as seen upright.
pub(super) struct Overlay {
    pub(super) width: f32,
    pub(super) height: f32,
    /// In the order of painting. What is multiplied with the page is a layer of its own, because a browser blends
    /// an `svg` with what lies under it, not its parts.
    pub(super) layers: Vec<Layer>,
}

pub(super) struct Layer {
    pub(super) multiplied: bool,
    pub(super) drawn: Vec<Drawn>,
}

/// One path or one line of words, ready to be written.
pub(super) struct Drawn {
    /// Whose display it follows: `commentaires` or `traces`.
    pub(super) class: &'static str,
    pub(super) shape: Shape,
}

pub(super) enum Shape {
    Path(Path),
    Words(Words),
}

pub(super) struct Path {
    pub(super) d: String,
    pub(super) fill: String,
    pub(super) stroke: String,
    pub(super) width: String,
    pub(super) opacity: String,
}

pub(super) struct Words {
    pub(super) text: String,
    pub(super) matrix: String,
    pub(super) size: String,
    /// How long the line is in the PDF's font, so that any other takes the same room.
    pub(super) length: String,
    pub(super) fill: String,
    pub(super) opacity: String,
    pub(super) strong: bool,
}

/// The drawings of a page, from 1; none for a page that the copy does not have.
pub(super) fn overlay(copy: &Copy, number: u32) -> Option<Overlay> {
    let sheet = copy.page(number)?;
    let (width, height) = copy.sheet(sheet).frame.upright_size();
    let mut layers: Vec<Layer> = Vec::new();
    for (owner, item) in copy.items(sheet) {
        let (shape, multiplied) = match item {
            Item::Path { steps, paint } => (Shape::Path(path(steps, paint)), paint.blend == Blend::Multiply),
            Item::Text { text, style, matrix } => {
                let words = Words {
                    text: text.to_owned(),
                    matrix: matrix.map(number_of).join(" "),
                    size: number_of(style.size),
                    length: number_of(copy.width(style.role, style.size, text)),
                    fill: colour(style.colour),
                    opacity: share(style.opacity),
                    strong: style.role == FontRole::Strong,
                };
                (Shape::Words(words), false)
            }
            // Annotations place no scan, and nothing to click on.
            Item::Scan { .. } | Item::Link { .. } => continue,
        };
        let written =
            matches!(owner, Owner::Node(node) if matches!(copy.node(node).kind, NodeKind::Paragraph));
        let drawn = Drawn { class: if written { "commentaires" } else { "traces" }, shape };
        match layers.last_mut().filter(|layer| layer.multiplied == multiplied) {
            Some(layer) => layer.drawn.push(drawn),
            None => layers.push(Layer { multiplied, drawn: vec![drawn] }),
        }
    }
    Some(Overlay { width, height, layers })
}

fn path(steps: &[Step], paint: Paint) -> Path {
    let mut d = String::new();
    let mut add = |command: &str, points: &[[f32; 2]]| {
        d.push_str(command);
        for [x, y] in points {
            d.push_str(&format!("{} {} ", number_of(*x), number_of(*y)));
        }
    };
    for step in steps {
        match step {
            Step::Move(point) => add("M", &[*point]),
            Step::Line(point) => add("L", &[*point]),
            Step::Curve(first, second, end) => add("C", &[*first, *second, *end]),
            Step::Close => add("Z", &[]),
            Step::Rectangle([left, top], [width, height]) => {
                let (right, bottom) = (left + width, top + height);
                add("M", &[[*left, *top]]);
                add("L", &[[right, *top], [right, bottom], [*left, bottom]]);
                add("Z", &[]);
            }
        }
    }
    Path {
        d: d.trim_end().to_owned(),
        fill: paint.fill.map_or_else(|| "none".to_owned(), colour),
        stroke: paint.stroke.map_or_else(|| "none".to_owned(), |stroke| colour(stroke.colour)),
        width: number_of(paint.stroke.map_or(0.0, |stroke| stroke.width)),
        opacity: share(paint.opacity),
    }
}

fn share(per_cent: u8) -> String {
    number_of(f32::from(per_cent.min(100)) / 100.0)
}

/// With at most four decimals: matrices of turned words need them.
fn number_of(number: f32) -> String {
    let text = format!("{number:.4}");
    match text.trim_end_matches('0').trim_end_matches('.') {
        "-0" => "0".to_owned(),
        text => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use copiste_core::model::Frame;
    use copiste_core::render::{Group, NodeId, TextStyle};

    use super::*;

    #[test]
    fn numbers_are_short_and_plain() {
        for (number, text) in [(0.0, "0"), (-0.00001, "0"), (10.0, "10"), (0.25, "0.25"), (-1.5, "-1.5")] {
            assert_eq!(number_of(number), text);
        }
    }

    #[test]
    fn what_is_multiplied_lies_in_a_layer_of_its_own_in_the_order_of_painting() {
        let mut copy = Copy::default();
        let section = copy.add_node(NodeId::PAGES, NodeKind::Section);
        let sheet = copy.add_sheet(Group::Pages, Frame::plain(100.0, 200.0), section);
        let words = copy.add_node(section, NodeKind::Paragraph);
        let figure = copy.add_node(section, NodeKind::Figure);
        copy.text(sheet, words, TextStyle::new(FontRole::Strong, 10.0), [5.0, 6.0], "Vu <b>");
        let marker = Paint { blend: Blend::Multiply, ..Paint::fill([255, 230, 0]).with_opacity(40) };
        copy.path(sheet, figure, marker).rectangle(1.0, 2.0, 10.0, 20.0);
        copy.path(sheet, figure, Paint::stroke([200, 16, 46], 1.5)).move_to(0.0, 0.5).line_to(100.0, 200.0);
        let shown = overlay(&copy, 1).expect("it has the page");
        assert_eq!((shown.width, shown.height), (100.0, 200.0));
        let layers: Vec<_> = shown.layers.iter().map(|layer| (layer.multiplied, layer.drawn.len())).collect();
        assert_eq!(layers, [(false, 1), (true, 1), (false, 1)]);
        let classes: Vec<_> = shown.layers.iter().map(|layer| layer.drawn[0].class).collect();
        assert_eq!(classes, ["commentaires", "traces", "traces"]);
        let Shape::Path(marker) = &shown.layers[1].drawn[0].shape else { panic!("a path") };
        assert_eq!(
            (&*marker.d, &*marker.fill, &*marker.stroke, &*marker.opacity),
            ("M1 2 L11 2 11 22 1 22 Z", "#FFE600", "none", "0.4")
        );
        let Shape::Words(words) = &shown.layers[0].drawn[0].shape else { panic!("words") };
        assert_eq!((&*words.matrix, &*words.length, words.strong), ("1 0 0 1 5 6", "30", true));
        assert!(overlay(&copy, 2).is_none());
    }
}
