//! What the marker wrote and drew, exactly over the scan.

use copiste_core::model::{
    ArchivedAnnotation, ArchivedArea, ArchivedShape, ArchivedSpot, ArchivedStamp, WHOLE,
};
use copiste_core::render::{
    Blend, Colour, Copy, FontRole, NodeId, NodeKind, Owner, Paint, RenderError, Renderer, SheetId, Subject,
    TextStyle,
};

use crate::stamps;

/// Draws annotations as vectors and real text, in the order they were made. Words are paragraphs,
/// each stamp is a figure with its meaning, all other strokes of a page are one figure.
pub struct AnnotationsRenderer;

/// Size of a mark in the margin, in points: its record gives none.
const MARK_SIZE: f32 = 13.0;
/// A line of text in ems: where its base line lies under its top, and how far lines are apart.
const ASCENT: f32 = 0.93;
const LEADING: f32 = 1.2;

impl Renderer for AnnotationsRenderer {
    fn version(&self) -> &str {
        env!("CARGO_PKG_VERSION")
    }

    fn draw(&self, subject: &Subject<'_>, copy: &mut Copy) -> Result<(), RenderError> {
        // Figures of drawings, made when a page's first drawing is met.
        let mut drawings: Vec<(SheetId, NodeId)> = Vec::new();
        let mut says = String::new();
        for annotation in subject.annotations {
            let number = annotation.page.to_native();
            let Some(sheet) = copy.page(number) else {
                let pages = subject.script.pages.len();
                let detail = format!("an annotation lies on page {number} of a script of {pages} pages");
                return Err(RenderError::Draw { renderer: "annotations", detail });
            };
            let section = copy.sheet(sheet).section;
            let owner = match &annotation.shape {
                ArchivedShape::Text { .. } | ArchivedShape::Mark { .. } => {
                    copy.add_node(section, NodeKind::Paragraph)
                }
                ArchivedShape::Stamp { stamp, .. } => {
                    says.clear();
                    says.push_str(stamps::says(stamp));
                    if let Some(question) = annotation.question.as_ref() {
                        says.push_str(", question ");
                        says.push_str(first_characters(question));
                    }
                    copy.add_node_that_says(section, NodeKind::Figure, &says)
                }
                _ => match drawings.iter().find(|(drawn, _)| *drawn == sheet) {
                    Some((_, figure)) => *figure,
                    None => {
                        let words = drawings_say(subject.annotations, number).unwrap_or_default();
                        let figure = copy.add_node_that_says(section, NodeKind::Figure, &words);
                        drawings.push((sheet, figure));
                        figure
                    }
                },
            };
            let (width, height) = copy.sheet(sheet).frame.upright_size();
            Page { copy: &mut *copy, sheet, owner: owner.into(), width, height }.annotation(annotation);
        }
        Ok(())
    }
}

/// A label of any length must not swell what is read aloud.
fn first_characters(words: &str) -> &str {
    words.char_indices().nth(40).map_or(words, |(end, _)| &words[..end])
}

/// What stands for the drawings of a page where they cannot be seen: `Tracés du correcteur : 2 flèches, 1
/// surlignage`. None when there are none; words, marks and stamps speak for themselves.
pub fn drawings_say(annotations: &[ArchivedAnnotation], page: u32) -> Option<String> {
    use std::fmt::Write;
    let mut counts = [0_u32; 8];
    for annotation in annotations.iter().filter(|annotation| annotation.page.to_native() == page) {
        let kind = match &annotation.shape {
            ArchivedShape::Ink { .. } => 0,
            ArchivedShape::Line { .. } => 1,
            ArchivedShape::Arrow { .. } => 2,
            ArchivedShape::Rectangle { .. } => 3,
            ArchivedShape::Ellipse { .. } => 4,
            ArchivedShape::Highlight { .. } => 5,
            ArchivedShape::Underline { .. } => 6,
            ArchivedShape::Strike { .. } => 7,
            ArchivedShape::Text { .. } | ArchivedShape::Stamp { .. } | ArchivedShape::Mark { .. } => continue,
        };
        counts[kind] += 1;
    }
    const NAMES: [(&str, &str); 8] = [
        ("tracé à main levée", "tracés à main levée"),
        ("ligne", "lignes"),
        ("flèche", "flèches"),
        ("cadre", "cadres"),
        ("ellipse", "ellipses"),
        ("surlignage", "surlignages"),
        ("soulignement", "soulignements"),
        ("passage barré", "passages barrés"),
    ];
    let mut says = String::from("Tracés du correcteur");
    let mut separator = " : ";
    for (count, (one, many)) in counts.into_iter().zip(NAMES).filter(|(count, _)| *count > 0) {
        // Writing into a string has no way to fail.
        let _ = write!(says, "{separator}{count} {}", if count == 1 { one } else { many });
        separator = ", ";
    }
    (separator == ", ").then_some(says)
}

/// The page an annotation is drawn on, with its size as seen upright, in points.
struct Page<'a> {
    copy: &'a mut Copy,
    sheet: SheetId,
    owner: Owner,
    width: f32,
    height: f32,
}

impl Page<'_> {
    fn spot(&self, spot: &ArchivedSpot) -> [f32; 2] {
        [share(spot.x.to_native(), self.width), share(spot.y.to_native(), self.height)]
    }

    /// Left, top, width, height.
    fn area(&self, area: &ArchivedArea) -> [f32; 4] {
        [
            share(area.x.to_native(), self.width),
            share(area.y.to_native(), self.height),
            share(area.width.to_native(), self.width),
            share(area.height.to_native(), self.height),
        ]
    }

    fn annotation(&mut self, annotation: &ArchivedAnnotation) {
        let (colour, opacity) = (annotation.colour, annotation.opacity.min(100));
        let pen = |width: u32| Paint::stroke(colour, points(width)).with_opacity(opacity);
        match &annotation.shape {
            ArchivedShape::Text { area, text, size, rotation } => {
                let style =
                    TextStyle { role: FontRole::Text, size: points(size.to_native()), colour, opacity };
                self.words(area, text, style, rotation.to_native());
            }
            ArchivedShape::Ink { strokes, width } => {
                let (page_width, page_height) = (self.width, self.height);
                let mut path = self.copy.path(self.sheet, self.owner, pen(width.to_native()));
                for stroke in strokes.iter() {
                    let mut spots = stroke.iter().map(|spot| {
                        [share(spot.x.to_native(), page_width), share(spot.y.to_native(), page_height)]
                    });
                    let Some([x, y]) = spots.next() else { continue };
                    path.move_to(x, y);
                    if stroke.len() == 1 {
                        // A line to where it starts paints a dot, since ends are round.
                        path.line_to(x, y);
                    }
                    spots.for_each(|[x, y]| {
                        path.line_to(x, y);
                    });
                }
            }
            ArchivedShape::Line { from, to, width }
            | ArchivedShape::Underline { from, to, width }
            | ArchivedShape::Strike { from, to, width } => {
                self.line(from, to, pen(width.to_native()));
            }
            ArchivedShape::Arrow { from, to, width } => self.arrow(from, to, pen(width.to_native())),
            ArchivedShape::Rectangle { area, line_width, fill } => {
                let [left, top, width, height] = self.area(area);
                let paint = Paint { fill: fill.as_ref().copied(), ..pen(line_width.to_native()) };
                self.copy.path(self.sheet, self.owner, paint).rectangle(left, top, width, height);
            }
            ArchivedShape::Ellipse { area, line_width, fill } => {
                let [left, top, width, height] = self.area(area);
                let paint = Paint { fill: fill.as_ref().copied(), ..pen(line_width.to_native()) };
                self.copy.path(self.sheet, self.owner, paint).ellipse(left, top, width, height);
            }
            ArchivedShape::Highlight { area } => {
                let [left, top, width, height] = self.area(area);
                let paint = Paint { blend: Blend::Multiply, ..Paint::fill(colour).with_opacity(opacity) };
                self.copy.path(self.sheet, self.owner, paint).rectangle(left, top, width, height);
            }
            ArchivedShape::Stamp { at, size, stamp } => {
                self.stamp(at, size.to_native(), stamp, colour, opacity)
            }
            ArchivedShape::Mark { at, text } => {
                let [x, y] = self.spot(at);
                let style = TextStyle { role: FontRole::Strong, size: MARK_SIZE, colour, opacity };
                let room = (self.width - x).max(self.width / 4.0);
                self.copy.block(self.sheet, self.owner, style, [x, y], room, MARK_SIZE * LEADING, text);
            }
        }
    }

    fn words(&mut self, area: &ArchivedArea, text: &str, style: TextStyle, rotation: i32) {
        let [left, top, width, _] = self.area(area);
        // A box without width reaches to the page's edge.
        let width = if width > 0.0 { width } else { (self.width - left).max(style.size) };
        let (sin, cos) = match rotation.rem_euclid(360) {
            0 => (0.0, 1.0),
            90 => (1.0, 0.0),
            180 => (0.0, -1.0),
            270 => (-1.0, 0.0),
            other => (other as f32).to_radians().sin_cos(),
        };
        let mut lines = Vec::new();
        self.copy.break_lines(style.role, style.size, text, width, &mut lines);
        for (index, line) in lines.into_iter().enumerate() {
            let down = style.size * (ASCENT + LEADING * index as f32);
            // y goes down, so this turns clockwise.
            let matrix = [cos, sin, -sin, cos, left - down * sin, top + down * cos];
            self.copy.text_under(self.sheet, self.owner, style, matrix, &text[line]);
        }
    }

    fn line(&mut self, from: &ArchivedSpot, to: &ArchivedSpot, paint: Paint) {
        let ([x1, y1], [x2, y2]) = (self.spot(from), self.spot(to));
        self.copy.path(self.sheet, self.owner, paint).move_to(x1, y1).line_to(x2, y2);
    }

    /// A line and an open head whose tip is exactly at its end.
    fn arrow(&mut self, from: &ArchivedSpot, to: &ArchivedSpot, paint: Paint) {
        let ([x1, y1], [x2, y2]) = (self.spot(from), self.spot(to));
        let (dx, dy) = (x2 - x1, y2 - y1);
        let length = dx.hypot(dy);
        let pen = paint.stroke.map_or(1.0, |stroke| stroke.width);
        let head = (6.0 + 3.0 * pen).min(length * 0.6);
        let mut path = self.copy.path(self.sheet, self.owner, paint);
        path.move_to(x1, y1).line_to(x2, y2);
        if length > 0.0 {
            // 25 degrees on either side.
            let (ux, uy) = (dx / length * head, dy / length * head);
            let (sin, cos) = (0.422_618, 0.906_308);
            path.move_to(x2 - ux * cos + uy * sin, y2 - ux * sin - uy * cos)
                .line_to(x2, y2)
                .line_to(x2 - ux * cos - uy * sin, y2 + ux * sin - uy * cos);
        }
    }

    fn stamp(&mut self, at: &ArchivedSpot, size: u32, stamp: &ArchivedStamp, colour: Colour, opacity: u8) {
        let centre = self.spot(at);
        let size = points(size);
        let paint = Paint::stroke(colour, stamps::PEN * size).with_opacity(opacity);
        let mut path = self.copy.path(self.sheet, self.owner, paint);
        stamps::draw(stamp, centre, size, &mut path);
    }
}

/// A fraction of a length.
fn share(fraction: i32, whole: f32) -> f32 {
    fraction as f32 / WHOLE as f32 * whole
}

/// Centipoints as points.
fn points(centipoints: u32) -> f32 {
    centipoints as f32 / 100.0
}
