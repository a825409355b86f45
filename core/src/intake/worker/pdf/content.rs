//! What a page's content stream paints: one picture and nothing else, or more.
//!
//! Followed is only what moves a picture about; whatever else would mark the page is a reason to
//! let mupdf paint it. A white rectangle under the picture, a clip that does not cut it, text in
//! render mode 3 and a graphics state without effect on a picture are no marks.

use hayro_syntax::object::{Dict, Name, Rect, Stream};

use super::filters;
use super::syntax::{Word, Words};
use crate::intake::scan::damage;
use crate::model::Damage;

/// Forms within forms.
const DEPTH: usize = 8;
/// Words followed on one page; a drawing has thousands, a bomb has more.
const WORDS: usize = 2_000_000;
/// Points a clip may miss a picture's edge by: less than a pixel at 150 dpi.
const TOLERANCE: f64 = 0.5;

/// A matrix `[a b c d e f]` in double precision.
pub(crate) type Matrix = [f64; 6];

/// `first`, then `second`.
pub(crate) fn concat(first: &Matrix, second: &Matrix) -> Matrix {
    let [a, b, c, d, e, f] = *first;
    let [g, h, i, j, k, l] = *second;
    [a * g + b * i, a * h + b * j, c * g + d * i, c * h + d * j, e * g + f * i + k, e * h + f * j + l]
}

/// What was found.
#[derive(Default)]
pub(crate) struct Painted<'a> {
    /// Pictures painted, with the resources their colour spaces are named in.
    pub(crate) pictures: Vec<Picture<'a>>,
    /// Whether there is text in render mode 3.
    pub(crate) invisible_text: bool,
    /// The first thing that cannot be kept.
    pub(crate) other: Option<&'static str>,
}

/// A painted picture.
pub(crate) struct Picture<'a> {
    pub(crate) stream: Stream<'a>,
    pub(crate) resources: Dict<'a>,
    pub(crate) matrix: Matrix,
}

#[derive(Clone)]
struct State {
    matrix: Matrix,
    clip: Option<[f64; 4]>,
    text_mode: f64,
    white: bool,
}

/// Follows a content stream.
pub(crate) struct Follower<'a> {
    painted: Painted<'a>,
    /// What is seen of the page.
    seen: [f64; 4],
    words: usize,
}

/// Follows a page's content.
///
/// # Errors
/// `SCN-011` when it names a picture that is not there.
pub(crate) fn follow<'a>(
    content: &[u8],
    resources: &Dict<'a>,
    base: Matrix,
    seen: [f64; 4],
) -> Result<Painted<'a>, Damage> {
    let mut follower = Follower { painted: Painted::default(), seen, words: 0 };
    let state = State { matrix: base, clip: None, text_mode: 0.0, white: false };
    follower.run(content, resources, state, 0)?;
    Ok(follower.painted)
}

impl<'a> Follower<'a> {
    fn mark(&mut self, what: &'static str) {
        self.painted.other.get_or_insert(what);
    }

    fn run(
        &mut self,
        content: &[u8],
        resources: &Dict<'a>,
        state: State,
        depth: usize,
    ) -> Result<(), Damage> {
        let mut words = Words::new(content);
        let mut operands: Vec<Word<'_>> = Vec::new();
        let mut stack: Vec<State> = Vec::new();
        let mut state = state;
        let mut path = Path::default();
        loop {
            let word = match words.next() {
                Ok(Some(word)) => word,
                Ok(None) => return Ok(()),
                Err(_) => {
                    self.mark("a content stream that cannot be read for certain");
                    return Ok(());
                }
            };
            self.words += 1;
            if self.words > WORDS || operands.len() > 64 {
                self.mark("a long content stream");
                return Ok(());
            }
            let Word::Operator(operator) = word else {
                operands.push(word);
                continue;
            };
            let numbers: Vec<f64> = operands
                .iter()
                .filter_map(|word| if let Word::Number(number) = word { Some(*number) } else { None })
                .collect();
            match operator {
                b"q" => stack.push(state.clone()),
                b"Q" => state = stack.pop().unwrap_or(state),
                b"cm" => match <[f64; 6]>::try_from(numbers) {
                    Ok(matrix) => state.matrix = concat(&matrix, &state.matrix),
                    Err(_) => self.mark("a matrix that is none"),
                },
                b"gs" => self.graphics_state(operands.first(), resources),
                b"Do" => self.paint(operands.first(), resources, &state, depth)?,
                b"re" => path.rectangle(&numbers, &state.matrix),
                b"m" | b"l" | b"c" | b"v" | b"y" | b"h" => path.other = true,
                b"W" | b"W*" => path.clips = true,
                b"n" => self.end_path(&mut path, &mut state),
                b"f" | b"F" | b"f*" => {
                    // White on white paper is no mark, as long as it covers nothing.
                    if path.other || !state.white || !self.painted.pictures.is_empty() {
                        self.mark("a drawing");
                    }
                    self.end_path(&mut path, &mut state);
                }
                b"S" | b"s" | b"B" | b"B*" | b"b" | b"b*" => {
                    self.mark("a drawing");
                    path = Path::default();
                }
                b"sh" => self.mark("a shading"),
                b"BI" => {
                    // What follows is binary: only mupdf can say where it ends.
                    self.mark("an inline image");
                    return Ok(());
                }
                b"g" => state.white = numbers == [1.0],
                b"rg" => state.white = numbers == [1.0; 3],
                b"k" => state.white = numbers == [0.0; 4],
                b"cs" | b"sc" | b"scn" => state.white = false,
                b"Tr" => state.text_mode = numbers.first().copied().unwrap_or(0.0),
                b"Tj" | b"TJ" | b"'" | b"\"" => {
                    let letters =
                        operands.iter().any(|word| matches!(word, Word::Text(1..) | Word::Group(1..)));
                    if letters && state.text_mode == 3.0 {
                        self.painted.invisible_text = true;
                    } else if letters {
                        self.mark("visible text");
                    }
                }
                b"BDC" | b"DP" if operands.first() == Some(&Word::Name(b"OC".to_vec())) => {
                    self.mark("optional content");
                }
                b"w" | b"J" | b"j" | b"M" | b"d" | b"ri" | b"i" | b"G" | b"RG" | b"K" | b"CS" | b"SC"
                | b"SCN" | b"BT" | b"ET" | b"Tc" | b"Tw" | b"Tz" | b"TL" | b"Tf" | b"Ts" | b"Td" | b"TD"
                | b"Tm" | b"T*" | b"BMC" | b"BDC" | b"EMC" | b"MP" | b"DP" | b"BX" | b"EX" => {}
                _ => self.mark("an operator that is not known"),
            }
            operands.clear();
        }
    }

    fn end_path(&mut self, path: &mut Path, state: &mut State) {
        if path.clips {
            match (path.other, path.rectangles.as_slice()) {
                (false, [only]) => {
                    state.clip = Some(state.clip.map_or(*only, |clip| intersection(&clip, only)));
                }
                _ => self.mark("a clip that is no rectangle"),
            }
        }
        *path = Path::default();
    }

    /// A graphics state is harmless when nothing in it changes how a picture looks.
    fn graphics_state(&mut self, name: Option<&Word<'_>>, resources: &Dict<'a>) {
        let Some(Word::Name(name)) = name else { return self.mark("a graphics state without a name") };
        let found = resources.get::<Dict<'_>>(b"ExtGState").and_then(|all| all.get::<Dict<'_>>(name));
        let Some(found) = found else { return self.mark("a graphics state that is not there") };
        let opaque = |key: &[u8]| found.get::<f64>(key).is_none_or(|alpha| alpha >= 1.0);
        let named = |key: &[u8], fine: &[&[u8]]| match found.get::<Name<'_>>(key) {
            Some(name) => fine.contains(&&*name),
            None => !found.contains_key(key),
        };
        let harmless = opaque(b"ca")
            && opaque(b"CA")
            && named(b"BM", &[b"Normal", b"Compatible"])
            && named(b"SMask", &[b"None"])
            && named(b"TR", &[b"Identity"])
            && named(b"TR2", &[b"Identity", b"Default"]);
        if !harmless {
            self.mark("transparency or a transfer function");
        }
    }

    fn paint(
        &mut self,
        name: Option<&Word<'_>>,
        resources: &Dict<'a>,
        state: &State,
        depth: usize,
    ) -> Result<(), Damage> {
        let Some(Word::Name(name)) = name else {
            self.mark("a picture without a name");
            return Ok(());
        };
        let objects = resources.get::<Dict<'a>>(b"XObject");
        let stream = objects
            .and_then(|objects| objects.get::<Stream<'a>>(name))
            .ok_or_else(|| damage::unreadable_page("a picture the page names is not in the file"))?;
        let dict = stream.dict().clone();
        if dict.contains_key(b"OC") {
            self.mark("optional content");
        }
        match dict.get::<Name<'_>>(b"Subtype").as_deref() {
            Some(b"Image") => {
                if let Some(clip) = &state.clip
                    && !contains(clip, &intersection(&quad(&state.matrix), &self.seen))
                {
                    self.mark("a clipped picture");
                }
                let resources = resources.clone();
                self.painted.pictures.push(Picture { stream, resources, matrix: state.matrix });
                Ok(())
            }
            Some(b"Form") if depth < DEPTH => self.form(&stream, resources, state, depth),
            _ => {
                self.mark("an object that is no picture");
                Ok(())
            }
        }
    }

    fn form(
        &mut self,
        stream: &Stream<'a>,
        resources: &Dict<'a>,
        state: &State,
        depth: usize,
    ) -> Result<(), Damage> {
        let dict = stream.dict();
        let matrix = dict.get::<[f64; 6]>(b"Matrix").unwrap_or([1.0, 0.0, 0.0, 1.0, 0.0, 0.0]);
        let mut inner = state.clone();
        inner.matrix = concat(&matrix, &state.matrix);
        let Some(frame) = dict.get::<Rect>(b"BBox") else {
            self.mark("a form without a box");
            return Ok(());
        };
        match rectangle(frame.x0, frame.y0, frame.x1, frame.y1, &inner.matrix) {
            Some(frame) => {
                inner.clip = Some(inner.clip.map_or(frame, |clip| intersection(&clip, &frame)));
            }
            None => self.mark("a turned form"),
        }
        let content = filters::decoded(stream)
            .ok_or_else(|| damage::unreadable_page("a form of the page cannot be decoded"))?;
        let own = dict.get::<Dict<'a>>(b"Resources");
        self.run(&content, own.as_ref().unwrap_or(resources), inner, depth + 1)
    }
}

#[derive(Default)]
struct Path {
    rectangles: Vec<[f64; 4]>,
    other: bool,
    clips: bool,
}

impl Path {
    fn rectangle(&mut self, numbers: &[f64], matrix: &Matrix) {
        match numbers {
            [x, y, width, height] if self.rectangles.len() < 1000 => {
                match rectangle(*x, *y, x + width, y + height, matrix) {
                    Some(rectangle) => self.rectangles.push(rectangle),
                    None => self.other = true,
                }
            }
            _ => self.other = true,
        }
    }
}

/// A rectangle under a matrix, when its sides stay upright: left, bottom, right, top.
fn rectangle(x0: f64, y0: f64, x1: f64, y1: f64, matrix: &Matrix) -> Option<[f64; 4]> {
    let [a, b, c, d, e, f] = *matrix;
    let straight = (b.abs() < 1e-6 && c.abs() < 1e-6) || (a.abs() < 1e-6 && d.abs() < 1e-6);
    let corner = |x: f64, y: f64| (a * x + c * y + e, b * x + d * y + f);
    let ((left, bottom), (right, top)) = (corner(x0, y0), corner(x1, y1));
    straight.then(|| [left.min(right), bottom.min(top), left.max(right), bottom.max(top)])
}

/// The box around the unit square under a matrix.
pub(crate) fn quad(matrix: &Matrix) -> [f64; 4] {
    let [a, b, c, d, e, f] = *matrix;
    let xs = [e, e + a, e + c, e + a + c];
    let ys = [f, f + b, f + d, f + b + d];
    let least = |values: [f64; 4]| values.into_iter().fold(f64::INFINITY, f64::min);
    let most = |values: [f64; 4]| values.into_iter().fold(f64::NEG_INFINITY, f64::max);
    [least(xs), least(ys), most(xs), most(ys)]
}

fn intersection(one: &[f64; 4], other: &[f64; 4]) -> [f64; 4] {
    [one[0].max(other[0]), one[1].max(other[1]), one[2].min(other[2]), one[3].min(other[3])]
}

fn contains(outer: &[f64; 4], inner: &[f64; 4]) -> bool {
    outer[0] <= inner[0] + TOLERANCE
        && outer[1] <= inner[1] + TOLERANCE
        && outer[2] >= inner[2] - TOLERANCE
        && outer[3] >= inner[3] - TOLERANCE
}
