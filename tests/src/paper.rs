//! PDFs written by hand, as a scanner might: one picture a page, any box, any rotation. And pages
//! read back as pixels.

use std::path::Path;

use crate::command::run;

/// A scanned page to be written.
#[derive(Clone, Copy, Debug)]
pub struct Sheet {
    /// `/MediaBox`: left, bottom, right, top.
    pub media: [i32; 4],
    /// `/CropBox`, inside it.
    pub crop: [i32; 4],
    /// `/Rotate`.
    pub rotate: u16,
}

/// A PDF of these pages. Each shows one white picture over its crop box, with a black square in
/// the corner that a person sees at the top left.
pub fn scanned_pdf(sheets: &[Sheet]) -> Vec<u8> {
    const SIDE: usize = 40;
    let mut objects: Vec<Vec<u8>> = Vec::new();
    let kids: Vec<String> = (0..sheets.len()).map(|at| format!("{} 0 R", 3 + 3 * at)).collect();
    objects.push(b"<< /Type /Catalog /Pages 2 0 R >>".to_vec());
    objects
        .push(format!("<< /Type /Pages /Kids [{}] /Count {} >>", kids.join(" "), sheets.len()).into_bytes());
    for (at, sheet) in sheets.iter().enumerate() {
        let [left, bottom, right, top] = sheet.crop;
        let (media, crop) =
            (sheet.media.map(|edge| edge.to_string()), sheet.crop.map(|edge| edge.to_string()));
        objects.push(
            format!(
                "<< /Type /Page /Parent 2 0 R /MediaBox [{}] /CropBox [{}] /Rotate {} /Contents {} 0 R \
                 /Resources << /XObject << /Im {} 0 R >> >> >>",
                media.join(" "),
                crop.join(" "),
                sheet.rotate,
                4 + 3 * at,
                5 + 3 * at
            )
            .into_bytes(),
        );
        let content = format!("q {} 0 0 {} {left} {bottom} cm /Im Do Q", right - left, top - bottom);
        objects.push(stream("", content.as_bytes()));
        let mut pixels = vec![255_u8; SIDE * SIDE];
        for y in 0..SIDE / 10 {
            for x in 0..SIDE / 10 {
                // Where the upright page's top left corner is on the paper before it is turned.
                let (x, y) = match sheet.rotate {
                    90 => (x, SIDE - 1 - y),
                    180 => (SIDE - 1 - x, SIDE - 1 - y),
                    270 => (SIDE - 1 - x, y),
                    _ => (x, y),
                };
                pixels[y * SIDE + x] = 0;
            }
        }
        let picture = format!(
            "/Type /XObject /Subtype /Image /Width {SIDE} /Height {SIDE} /ColorSpace /DeviceGray /BitsPerComponent 8"
        );
        objects.push(stream(&picture, &pixels));
    }
    assemble(&objects)
}

fn stream(entries: &str, bytes: &[u8]) -> Vec<u8> {
    let mut object = format!("<< {entries} /Length {} >>\nstream\n", bytes.len()).into_bytes();
    object.extend_from_slice(bytes);
    object.extend_from_slice(b"\nendstream");
    object
}

fn assemble(objects: &[Vec<u8>]) -> Vec<u8> {
    let mut pdf = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n".to_vec();
    let mut places = String::new();
    for (object, number) in objects.iter().zip(1..) {
        places.push_str(&format!("{:010} 00000 n \n", pdf.len()));
        pdf.extend_from_slice(format!("{number} 0 obj\n").as_bytes());
        pdf.extend_from_slice(object);
        pdf.extend_from_slice(b"\nendobj\n");
    }
    let (start, size) = (pdf.len(), objects.len() + 1);
    let end = format!(
        "xref\n0 {size}\n0000000000 65535 f \n{places}trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n"
    );
    pdf.extend_from_slice(end.as_bytes());
    pdf
}

/// A page as pixels.
pub struct Picture {
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    rgb: Vec<u8>,
}

impl Picture {
    /// A page of a PDF, from 1, drawn by `pdftoppm` at so many dots an inch.
    ///
    /// # Panics
    /// When it cannot be drawn.
    #[track_caller]
    pub fn of(pdf: &Path, page: u32, dots: u32) -> Picture {
        let folder = crate::place::scratch();
        let stem = folder.path().join("page");
        let (page, dots) = (page.to_string(), dots.to_string());
        run(
            "pdftoppm",
            &[&"-cropbox", &"-png", &"-singlefile", &"-r", &dots, &"-f", &page, &"-l", &page, &pdf, &stem],
        )
        .expect(0);
        Picture::read(&std::fs::read(stem.with_extension("png")).expect("the page was drawn"))
    }

    /// A PNG file, grey or in colours.
    ///
    /// # Panics
    /// When it is none.
    #[track_caller]
    pub fn read(file: &[u8]) -> Picture {
        let mut decoder = png::Decoder::new(std::io::Cursor::new(file));
        decoder.set_transformations(png::Transformations::EXPAND);
        let mut reader = decoder.read_info().expect("it is a PNG");
        let mut rgb = vec![0; reader.output_buffer_size().expect("a picture that fits the memory")];
        let info = reader.next_frame(&mut rgb).expect("it decodes");
        if info.color_type == png::ColorType::Grayscale {
            rgb = rgb.into_iter().flat_map(|grey| [grey; 3]).collect();
        }
        Picture { width: info.width, height: info.height, rgb }
    }

    /// How far another picture of the same page is from this one: the mean difference in grey levels over a grid
    /// of 50 by 50 fields, so that neither size nor softness counts.
    pub fn distance(&self, other: &Picture) -> f64 {
        const SIDE: u32 = 50;
        let mean = |picture: &Picture, column: u32, row: u32| {
            let span = |at: u32, whole: u32| {
                let from = at * whole / SIDE;
                from..((at + 1) * whole / SIDE).max(from + 1)
            };
            let (mut sum, mut count) = (0_u64, 0_u64);
            for y in span(row, picture.height) {
                for x in span(column, picture.width) {
                    let at = 3 * (y * picture.width + x) as usize;
                    sum += picture.rgb[at..at + 3].iter().map(|part| u64::from(*part)).sum::<u64>();
                    count += 3;
                }
            }
            sum as f64 / count as f64
        };
        let fields = (0..SIDE).flat_map(|row| (0..SIDE).map(move |column| (column, row)));
        let apart = fields.map(|(column, row)| (mean(self, column, row) - mean(other, column, row)).abs());
        apart.sum::<f64>() / f64::from(SIDE * SIDE)
    }

    /// The colour at a place given in fractions of the page, origin top left.
    pub fn at(&self, x: f64, y: f64) -> [u8; 3] {
        let across = ((x * f64::from(self.width)) as usize).min(self.width as usize - 1);
        let down = ((y * f64::from(self.height)) as usize).min(self.height as usize - 1);
        let at = 3 * (down * self.width as usize + across);
        [self.rgb[at], self.rgb[at + 1], self.rgb[at + 2]]
    }

    /// The box, in fractions (left, top, right, bottom), of all pixels that are near a colour.
    pub fn extent(&self, colour: [u8; 3]) -> Option<[f64; 4]> {
        let near = |pixel: &[u8]| pixel.iter().zip(colour).all(|(have, want)| have.abs_diff(want) < 40);
        let mut found: Option<[u32; 4]> = None;
        for (at, pixel) in self.rgb.chunks_exact(3).enumerate() {
            if near(pixel) {
                let (x, y) = (at as u32 % self.width, at as u32 / self.width);
                let [left, top, right, bottom] = found.unwrap_or([x, y, x + 1, y + 1]);
                found = Some([left.min(x), top.min(y), right.max(x + 1), bottom.max(y + 1)]);
            }
        }
        let [left, top, right, bottom] = found?.map(f64::from);
        let (width, height) = (f64::from(self.width), f64::from(self.height));
        Some([left / width, top / height, right / width, bottom / height])
    }
}
