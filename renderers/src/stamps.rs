//! Ready-made signs as paths: no font is needed, and a sign looks the same everywhere.

use copiste_core::model::ArchivedStamp;
use copiste_core::render::{PathPen, Point};

/// Width of the pen, as a share of the sign's height.
pub const PEN: f32 = 0.11;

/// What a sign means, for those who do not see it.
pub fn says(stamp: &ArchivedStamp) -> &'static str {
    match stamp {
        ArchivedStamp::Tick => "Coche : juste",
        ArchivedStamp::Cross => "Croix : faux",
        ArchivedStamp::Question => "Point d’interrogation : à préciser",
        ArchivedStamp::Circle => "Cercle : à regarder",
        ArchivedStamp::Read => "Lu",
    }
}

/// Adds a sign's strokes. With half the pen outside them they fill the height `size` around
/// `centre`.
pub fn draw(stamp: &ArchivedStamp, centre: Point, size: f32, path: &mut PathPen<'_>) {
    // Strokes lie within −1 … 1, y downwards.
    let reach = size * (1.0 - PEN) / 2.0;
    let at = |x: f32, y: f32| [centre[0] + x * reach, centre[1] + y * reach];
    let mut sign = Sign { at: &at, path };
    match stamp {
        ArchivedStamp::Tick => sign.stroke(&[(-0.85, 0.2), (-0.3, 1.0), (0.85, -1.0)]),
        ArchivedStamp::Cross => {
            sign.stroke(&[(-1.0, -1.0), (1.0, 1.0)]);
            sign.stroke(&[(1.0, -1.0), (-1.0, 1.0)]);
        }
        ArchivedStamp::Question => {
            sign.start(-0.55, -0.5);
            sign.curve((-0.55, -0.82), (-0.3, -1.0), (0.02, -1.0));
            sign.curve((0.36, -1.0), (0.6, -0.78), (0.6, -0.48));
            sign.curve((0.6, -0.02), (0.02, -0.06), (0.02, 0.42));
            sign.stroke(&[(0.02, 1.0), (0.02, 1.0)]);
        }
        ArchivedStamp::Circle => {
            sign.path.ellipse(centre[0] - reach, centre[1] - reach, 2.0 * reach, 2.0 * reach);
        }
        ArchivedStamp::Read => {
            sign.stroke(&[(-1.0, -1.0), (-1.0, 0.7), (-0.1, 0.7)]);
            sign.start(0.3, -0.3);
            sign.curve((0.3, 0.2), (0.2, 0.7), (0.62, 0.7));
            sign.curve((0.95, 0.7), (1.0, 0.45), (1.0, 0.2));
            sign.stroke(&[(1.0, -0.3), (1.0, 0.7)]);
            sign.stroke(&[(-1.1, 1.0), (1.1, 1.0)]);
        }
    }
}

struct Sign<'a, 'p> {
    at: &'a dyn Fn(f32, f32) -> Point,
    path: &'a mut PathPen<'p>,
}

impl Sign<'_, '_> {
    fn start(&mut self, x: f32, y: f32) {
        let [x, y] = (self.at)(x, y);
        self.path.move_to(x, y);
    }

    fn curve(&mut self, first: (f32, f32), second: (f32, f32), end: (f32, f32)) {
        let at = |(x, y)| (self.at)(x, y);
        self.path.curve_to(at(first), at(second), at(end));
    }

    fn stroke(&mut self, points: &[(f32, f32)]) {
        for (index, (x, y)) in points.iter().enumerate() {
            let [x, y] = (self.at)(*x, *y);
            if index == 0 {
                self.path.move_to(x, y)
            } else {
                self.path.line_to(x, y)
            };
        }
    }
}
