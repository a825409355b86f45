//! Fax code (ITU-T T.4 and T.6), strictly, row by row.

use hayro_ccitt::{DecodeSettings, Decoder, DecoderContext, EncodingMode};

use crate::intake::scan::damage;
use crate::intake::scan::found::Coding;
use crate::model::Damage;

/// Bytes that may follow the last row: an end-of-block code, six end-of-line codes, some filling.
const TAIL: usize = 16;

/// What a strip of fax code is decoded with.
pub(crate) struct Fax {
    settings: DecodeSettings,
    height: u32,
}

impl Fax {
    /// From a picture's parameters; `height` counts where the parameters give no rows. None for
    /// another coding.
    pub(crate) fn new(coding: &Coding, height: u32) -> Option<Fax> {
        let Coding::Ccitt { k, byte_align, end_of_line, end_of_block, columns, rows, .. } = coding else {
            return None;
        };
        let height = if *rows == 0 { height } else { (*rows).min(height) };
        let encoding = match k {
            ..=-1 => EncodingMode::Group4,
            0 => EncodingMode::Group3_1D,
            _ => EncodingMode::Group3_2D,
        };
        let settings = DecodeSettings {
            columns: *columns,
            rows: height,
            end_of_block: *end_of_block,
            end_of_line: *end_of_line,
            rows_are_byte_aligned: *byte_align,
            encoding,
            strict: true,
        };
        Some(Fax { settings, height })
    }
}

/// Decodes and gives every row as bits, a set bit white.
///
/// # Errors
/// `SCN-014` for a code that does not exist, for rows that are missing, for data left over.
pub(crate) fn decode(fax: &Fax, data: &[u8], row: &mut dyn FnMut(&[u8])) -> Result<(), Damage> {
    let mut rows = Rows { bits: vec![0xFF; (fax.settings.columns as usize).div_ceil(8)], count: 0, row };
    let mut context = DecoderContext::new(fax.settings);
    let used = hayro_ccitt::decode(data, &mut rows, &mut context)
        .map_err(|error| damage::corrupt(format!("fax code: {error}, row {}", rows.count + 1)))?;
    if rows.count < fax.height {
        return Err(damage::corrupt(format!("fax code ends after {} rows of {}", rows.count, fax.height)));
    }
    let left = data.get(used..).unwrap_or_default();
    if left.len() > TAIL && left.iter().any(|byte| *byte != 0) {
        return Err(damage::corrupt(format!("{} bytes of fax code left over", left.len())));
    }
    Ok(())
}

struct Rows<'a> {
    bits: Vec<u8>,
    count: u32,
    row: &'a mut dyn FnMut(&[u8]),
}

impl Decoder for Rows<'_> {
    fn push_row(&mut self, changes: &[u32]) {
        self.bits.fill(0xFF);
        let end = self.bits.len() * 8;
        for run in changes.chunks(2) {
            let to = run.get(1).map_or(end, |to| *to as usize);
            blacken(&mut self.bits, run[0] as usize, to);
        }
        (self.row)(&self.bits);
        self.count += 1;
    }
}

/// Clears the bits from `from` up to `to`.
fn blacken(bits: &mut [u8], from: usize, to: usize) {
    if from >= to {
        return;
    }
    let (first, last) = (from / 8, (to - 1) / 8);
    let head = !(0xFF_u8 >> (from % 8));
    let tail = 0x7F_u8 >> ((to - 1) % 8);
    if first == last {
        bits[first] &= head | tail;
    } else {
        bits[first] &= head;
        bits[first + 1..last].fill(0);
        bits[last] &= tail;
    }
}

#[cfg(test)]
mod tests {
    use super::blacken;

    #[test]
    fn a_run_blackens_its_pixels_and_no_others() {
        for from in 0..40 {
            for to in 0..=40 {
                let mut bits = [0xFF_u8; 5];
                blacken(&mut bits, from, to);
                for pixel in 0..40 {
                    let white = bits[pixel / 8] >> (7 - pixel % 8) & 1 == 1;
                    assert_eq!(white, !(from..to).contains(&pixel), "run {from}..{to}, pixel {pixel}");
                }
            }
        }
    }
}
