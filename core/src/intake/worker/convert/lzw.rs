//! LZW as TIFF has it (TIFF 6.0, section 13): codes of 9 to 12 bits, most significant bit first,
//! one code wider one entry early.

use crate::intake::scan::damage;
use crate::model::Damage;

const CLEAR: usize = 256;
const END: usize = 257;

/// Decodes at most `most` bytes.
///
/// # Errors
/// `SCN-014` for a code that was never made.
pub(crate) fn decode(data: &[u8], most: usize) -> Result<Vec<u8>, Damage> {
    // An entry is the entry before it and a byte more: strings are written from their ends.
    let mut prefix = [0_u16; 4096];
    let mut last = [0_u8; 4096];
    let mut length = [0_u16; 4096];
    for byte in 0..=255_u8 {
        last[usize::from(byte)] = byte;
        length[usize::from(byte)] = 1;
    }
    let mut output: Vec<u8> = Vec::new();
    let (mut next, mut width) = (258, 9);
    let mut before: Option<usize> = None;
    let (mut buffer, mut bits) = (0_u32, 0_u32);
    let mut bytes = data.iter();
    while output.len() < most {
        while bits < width {
            let Some(byte) = bytes.next() else { return Ok(output) };
            buffer = buffer << 8 | u32::from(*byte);
            bits += 8;
        }
        bits -= width;
        let code = (buffer >> bits & ((1 << width) - 1)) as usize;
        match code {
            END => break,
            CLEAR => {
                (next, width, before) = (258, 9, None);
                continue;
            }
            _ => {}
        }
        let known = code < next && code != END;
        let fresh = code == next && before.is_some();
        if !known && !fresh {
            return Err(damage::corrupt("an LZW code that was never made"));
        }
        // A code made by this very step is the string before and its own first byte.
        let shown = if known { code } else { before.unwrap_or(0) };
        let start = output.len();
        let size = usize::from(length[shown]);
        output.resize(start + size, 0);
        let mut walk = shown;
        for at in (start..start + size).rev() {
            output[at] = last[walk];
            walk = usize::from(prefix[walk]);
        }
        let first = output[start];
        if fresh {
            output.push(first);
        }
        if let Some(before) = before
            && next < 4096
        {
            prefix[next] = u16::try_from(before).unwrap_or(0);
            last[next] = first;
            length[next] = length[before].saturating_add(1);
            next += 1;
            if next + 1 >= 1 << width && width < 12 {
                width += 1;
            }
        }
        before = Some(code);
    }
    output.truncate(most);
    Ok(output)
}
