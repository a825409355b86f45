//! Content streams: what a sheet shows, as PDF operators.
//!
//! Everything but scans is written in whole hundredths of a point, under one matrix that turns the
//! upright sheet into user space: whole numbers are short and quick to write, and a hundredth of
//! a point is finer than any pen.

use copiste_core::render::{
    Blend, Colour, Copy, Item, NodeId, NodeKind, Owner, Paint, SheetId, Step, TextStyle,
};

use super::fonts::{CopyFonts, FontBook, Line};
use super::marks::{Marks, NOWHERE};
use super::structure;
use super::syntax;

/// Graphics states that a copy uses: opacity per cent, and the same multiplied.
#[derive(Clone, Copy, Debug, Default)]
pub struct States {
    normal: u128,
    multiply: u128,
}

impl States {
    /// Opacity per cent and blend of each that is used, in a fixed order.
    pub fn used(&self) -> impl Iterator<Item = (u8, Blend)> {
        let States { normal, multiply } = *self;
        (0..=100_u8).flat_map(move |opacity| {
            [(normal, Blend::Normal), (multiply, Blend::Multiply)]
                .into_iter()
                .filter(move |(set, _)| set >> opacity & 1 == 1)
                .map(move |(_, blend)| (opacity, blend))
        })
    }
}

/// Appends the name of a graphics state.
pub fn state_name(out: &mut Vec<u8>, opacity: u8, blend: Blend) {
    out.extend_from_slice(if blend == Blend::Multiply { b"/m" } else { b"/a" });
    syntax::unsigned(out, u64::from(opacity));
}

/// What contents are written with.
pub struct Ink<'a> {
    /// The copy.
    pub copy: &'a Copy,
    /// All fonts.
    pub book: &'a FontBook,
    /// Those this copy touches.
    pub fonts: &'a mut CopyFonts,
    /// A line in the making.
    pub line: &'a mut Line,
    /// Who owns what is painted.
    pub marks: &'a mut Marks,
    /// Graphics states used.
    pub states: &'a mut States,
}

/// What the document does with items that are more than paint.
pub trait Attachments {
    /// The number in the resource name `/I{n}` of a page's scan and the matrix it is placed
    /// under; none when the page has none.
    fn scan(&mut self, page: u32) -> Option<(usize, [f32; 6])>;
    /// Makes an area (left, bottom, right, top in user space) a link; its annotation's number.
    fn link(&mut self, node: NodeId, area: [f32; 4], target: &str, says: &str) -> u32;
}

/// Appends the contents of one sheet.
pub fn write(ink: &mut Ink<'_>, attachments: &mut dyn Attachments, sheet: SheetId, out: &mut Vec<u8>) {
    ink.marks.begin_sheet();
    let copy = ink.copy;
    let frame = copy.sheet(sheet).frame;
    let mut pen = Pen {
        out,
        ink,
        upright: frame.upright_to_user(),
        height: hundredths(frame.upright_size().1),
        within: false,
        owner: None,
        now: Now::default(),
    };
    for (owner, item) in copy.items(sheet) {
        match item {
            Item::Scan { page } => {
                let Some((picture, matrix)) = attachments.scan(page) else { continue };
                pen.own(owner);
                pen.scan(owner, picture, matrix);
            }
            Item::Path { steps: [], .. } => {}
            Item::Path { steps, paint } => {
                pen.own(owner);
                pen.path(owner, steps, paint);
            }
            Item::Text { text, style, matrix } => {
                pen.own(owner);
                pen.text(owner, text, style, matrix);
            }
            Item::Link { area, target, says } => {
                let Owner::Node(node) = owner else { continue };
                let number = attachments.link(node, transformed(pen.upright, area), target, says);
                pen.ink.marks.link(node, number);
            }
        }
    }
    pen.disown();
    pen.leave();
}

/// The graphics state as written so far.
#[derive(Default)]
struct Now {
    stroke: Option<Colour>,
    fill: Option<Colour>,
    width: Option<i32>,
    state: Option<(u8, Blend)>,
    font: Option<(u16, f32)>,
}

struct Pen<'a, 'i> {
    out: &'a mut Vec<u8>,
    ink: &'a mut Ink<'i>,
    upright: [f32; 6],
    /// Of the upright sheet, in hundredths of a point.
    height: i32,
    /// Whether the upright matrix is in force.
    within: bool,
    owner: Option<Owner>,
    now: Now,
}

/// Hundredths of a point, rounded half away from zero; absurd numbers end at the integer's limit.
fn hundredths(points: f32) -> i32 {
    let scaled = points * 100.0;
    (scaled + 0.5_f32.copysign(scaled)) as i32
}

impl Pen<'_, '_> {
    /// Begins the marked content of `owner`, unless it goes on.
    fn own(&mut self, owner: Owner) {
        if self.owner == Some(owner) {
            return;
        }
        self.disown();
        match owner {
            Owner::Artifact => self.out.extend_from_slice(b"/Artifact BMC\n"),
            Owner::Node(node) => {
                let number = self.ink.marks.begin(node);
                self.out.extend_from_slice(structure::name(self.ink.copy.node(node).kind));
                self.out.extend_from_slice(b"<</MCID ");
                syntax::unsigned(self.out, u64::from(number));
                self.out.extend_from_slice(b">>BDC\n");
            }
        }
        self.owner = Some(owner);
    }

    fn disown(&mut self) {
        if self.owner.take().is_some() {
            self.out.extend_from_slice(b"EMC\n");
        }
    }

    /// Brings the upright matrix into force.
    fn enter(&mut self) {
        if self.within {
            return;
        }
        self.within = true;
        // y goes up from the lower edge here, as glyphs want it.
        let [a, b, c, d, e, f] = self.upright;
        let height = self.height as f32 / 100.0;
        self.out.extend_from_slice(b"q ");
        let matrix = [a / 100.0, b / 100.0, -c / 100.0, -d / 100.0, e + c * height, f + d * height];
        syntax::reals(self.out, &matrix);
        // Round ends and corners, once for all.
        self.out.extend_from_slice(b" cm 1 J 1 j\n");
    }

    fn leave(&mut self) {
        if self.within {
            self.within = false;
            self.now = Now::default();
            self.out.extend_from_slice(b"Q\n");
        }
    }

    fn scan(&mut self, owner: Owner, picture: usize, matrix: [f32; 6]) {
        self.leave();
        self.out.extend_from_slice(b"q ");
        syntax::reals(self.out, &matrix);
        self.out.extend_from_slice(b" cm/I");
        syntax::unsigned(self.out, picture as u64);
        self.out.extend_from_slice(b" Do Q\n");
        self.reach(owner, transformed(matrix, [0.0, 0.0, 1.0, 1.0]));
    }

    fn path(&mut self, owner: Owner, steps: &[Step], paint: Paint) {
        self.enter();
        self.state(paint.opacity, paint.blend);
        if let Some(colour) = paint.fill {
            self.fill(colour);
        }
        if let Some(stroke) = paint.stroke {
            self.stroke(stroke.colour);
            let width = hundredths(stroke.width).max(0);
            if self.now.width != Some(width) {
                self.now.width = Some(width);
                syntax::integer(self.out, width);
                self.out.extend_from_slice(b" w\n");
            }
        }
        for step in steps {
            match step {
                Step::Move(point) => self.points(&[*point], b"m\n"),
                Step::Line(point) => self.points(&[*point], b"l\n"),
                Step::Curve(first, second, end) => self.points(&[*first, *second, *end], b"c\n"),
                Step::Rectangle([left, top], [width, height]) => {
                    self.point(*left, top + height);
                    for length in [width, height] {
                        self.out.push(b' ');
                        syntax::integer(self.out, hundredths(*length));
                    }
                    self.out.extend_from_slice(b" re\n");
                }
                Step::Close => self.out.extend_from_slice(b"h\n"),
            }
        }
        self.out.extend_from_slice(match (paint.stroke.is_some(), paint.fill.is_some()) {
            (true, true) => b"B\n",
            (true, false) => b"S\n",
            (false, true) => b"f\n",
            (false, false) => b"n\n",
        });
        if self.is_figure(owner) {
            let half = paint.stroke.map_or(0.0, |stroke| stroke.width / 2.0);
            let mut area = NOWHERE;
            let mut include = |point: [f32; 2]| {
                area = [
                    area[0].min(point[0] - half),
                    area[1].min(point[1] - half),
                    area[2].max(point[0] + half),
                    area[3].max(point[1] + half),
                ];
            };
            for step in steps {
                match step {
                    Step::Move(point) | Step::Line(point) => include(*point),
                    Step::Curve(first, second, end) => {
                        include(*first);
                        include(*second);
                        include(*end);
                    }
                    Step::Rectangle([left, top], [width, height]) => {
                        include([*left, *top]);
                        include([left + width, top + height]);
                    }
                    Step::Close => {}
                }
            }
            self.reach(owner, transformed(self.upright, area));
        }
    }

    fn point(&mut self, x: f32, y: f32) {
        syntax::integer(self.out, hundredths(x));
        self.out.push(b' ');
        syntax::integer(self.out, self.height.saturating_sub(hundredths(y)));
    }

    fn points(&mut self, points: &[[f32; 2]], operator: &[u8]) {
        for [x, y] in points {
            self.point(*x, *y);
            self.out.push(b' ');
        }
        self.out.extend_from_slice(operator);
    }

    fn text(&mut self, owner: Owner, text: &str, style: TextStyle, matrix: [f32; 6]) {
        self.enter();
        self.state(style.opacity, Blend::Normal);
        self.fill(style.colour);
        self.ink.book.set(style.role, text, self.ink.fonts, self.ink.line);
        let [a, b, c, d, e, f] = matrix;
        self.out.extend_from_slice(b"BT ");
        if [a, b, c, d] == [1.0, 0.0, 0.0, 1.0] {
            self.point(e, f);
            self.out.extend_from_slice(b" Td");
        } else {
            syntax::reals(self.out, &[a, -b, -c, d]);
            self.out.push(b' ');
            self.point(e, f);
            self.out.extend_from_slice(b" Tm");
        }
        self.ink.line.write_on(style.size * 100.0, &mut self.now.font, self.out);
        self.out.extend_from_slice(b"ET\n");
        if self.is_figure(owner) {
            let (width, size) = (self.ink.line.width() * style.size / 1000.0, style.size);
            let line = bounds(matrix, [0.0, -size, width, size * 0.3]);
            self.reach(owner, transformed(self.upright, line));
        }
    }

    fn state(&mut self, opacity: u8, blend: Blend) {
        if self.now.state.unwrap_or((100, Blend::Normal)) == (opacity, blend) {
            return;
        }
        self.now.state = Some((opacity, blend));
        match blend {
            Blend::Normal => self.ink.states.normal |= 1 << opacity.min(100),
            Blend::Multiply => self.ink.states.multiply |= 1 << opacity.min(100),
        }
        state_name(self.out, opacity.min(100), blend);
        self.out.extend_from_slice(b" gs\n");
    }

    fn fill(&mut self, colour: Colour) {
        if self.now.fill != Some(colour) {
            self.now.fill = Some(colour);
            colour_parts(self.out, colour);
            self.out.extend_from_slice(b"rg\n");
        }
    }

    fn stroke(&mut self, colour: Colour) {
        if self.now.stroke != Some(colour) {
            self.now.stroke = Some(colour);
            colour_parts(self.out, colour);
            self.out.extend_from_slice(b"RG\n");
        }
    }

    fn is_figure(&self, owner: Owner) -> bool {
        matches!(owner, Owner::Node(node) if self.ink.copy.node(node).kind == NodeKind::Figure)
    }

    fn reach(&mut self, owner: Owner, area: [f32; 4]) {
        if let Owner::Node(node) = owner {
            self.ink.marks.reach(node, area);
        }
    }
}

/// Each part of a colour, 0 to 255, as a number from 0 to 1 with three decimals: enough to come
/// back to the same of 256 values.
fn colour_parts(out: &mut Vec<u8>, colour: Colour) {
    for part in colour {
        match part {
            0 => out.push(b'0'),
            255 => out.push(b'1'),
            _ => {
                let thousandths = (u32::from(part) * 1000 + 127) / 255;
                out.push(b'.');
                for place in [100, 10, 1] {
                    out.push(b'0' + (thousandths / place % 10) as u8);
                }
            }
        }
        out.push(b' ');
    }
}

/// The box around a box under a matrix; corners in any order come out in order.
fn transformed(matrix: [f32; 6], area: [f32; 4]) -> [f32; 4] {
    if area[0] > area[2] {
        return area;
    }
    bounds(matrix, area)
}

fn bounds([a, b, c, d, e, f]: [f32; 6], [left, top, right, bottom]: [f32; 4]) -> [f32; 4] {
    let mut area = NOWHERE;
    for (x, y) in [(left, top), (right, top), (left, bottom), (right, bottom)] {
        let (x, y) = (a * x + c * y + e, b * x + d * y + f);
        area = [area[0].min(x), area[1].min(y), area[2].max(x), area[3].max(y)];
    }
    area
}
