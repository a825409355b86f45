//! The lowest layer: how PDF writes numbers, names and strings. Knows nothing of documents.

/// The two digits of every number under 100, so that a number is written two digits at a time.
const PAIRS: [[u8; 2]; 100] = {
    let mut pairs = [[0; 2]; 100];
    let mut n = 0;
    while n < 100 {
        pairs[n] = [b'0' + (n / 10) as u8, b'0' + (n % 10) as u8];
        n += 1;
    }
    pairs
};

/// Upper-case hexadecimal digits.
pub const HEX: [u8; 16] = *b"0123456789ABCDEF";

/// Appends a whole number without sign.
#[inline]
pub fn unsigned(out: &mut Vec<u8>, number: u64) {
    // Coordinates have up to five digits: pieces of a length known beforehand are stores, not
    // calls.
    let pair = |n: u64| PAIRS[(n % 100) as usize];
    match number {
        0..10 => out.push(b'0' + number as u8),
        10..100 => out.extend_from_slice(&pair(number)),
        100..1000 => {
            let [tens, ones] = pair(number);
            out.extend_from_slice(&[b'0' + (number / 100) as u8, tens, ones]);
        }
        1000..10_000 => {
            let ([a, b], [c, d]) = (pair(number / 100), pair(number));
            out.extend_from_slice(&[a, b, c, d]);
        }
        10_000..100_000 => {
            let ([a, b], [c, d]) = (pair(number / 100), pair(number));
            out.extend_from_slice(&[b'0' + (number / 10_000) as u8, a, b, c, d]);
        }
        _ => long(out, number),
    }
}

#[cold]
fn long(out: &mut Vec<u8>, mut number: u64) {
    let mut digits = [0; 20];
    let mut at = digits.len();
    while number > 0 {
        at -= 1;
        digits[at] = b'0' + (number % 10) as u8;
        number /= 10;
    }
    out.extend_from_slice(&digits[at..]);
}

/// Appends a whole number.
#[inline]
pub fn integer(out: &mut Vec<u8>, number: i32) {
    if number < 0 {
        out.push(b'-');
    }
    unsigned(out, u64::from(number.unsigned_abs()));
}

/// Appends a number without trailing zeros: with five decimals, from a hundred on with four (what
/// a float of that size can hold). What is no number is written 0.
pub fn real(out: &mut Vec<u8>, number: f32) {
    let (places, scale) = if number.abs() < 100.0 { (10_000, 100_000_u32) } else { (1_000, 10_000) };
    let scaled = (f64::from(number) * f64::from(scale)).abs() + 0.5;
    if scaled.is_nan() || scaled < 1.0 {
        out.push(b'0');
        return;
    }
    if number < 0.0 {
        out.push(b'-');
    }
    let scaled = scaled.min(1e15) as u64;
    let (whole, mut decimals) = (scaled / u64::from(scale), (scaled % u64::from(scale)) as u32);
    if whole > 0 || decimals == 0 {
        unsigned(out, whole);
    }
    if decimals > 0 {
        out.push(b'.');
        let mut place = places;
        while decimals > 0 {
            out.push(b'0' + (decimals / place) as u8);
            decimals %= place;
            place /= 10;
        }
    }
}

/// Appends numbers with blanks between them.
pub fn reals(out: &mut Vec<u8>, numbers: &[f32]) {
    for (index, number) in numbers.iter().enumerate() {
        if index > 0 {
            out.push(b' ');
        }
        real(out, *number);
    }
}

/// Appends `number 0 R`.
#[inline]
pub fn reference(out: &mut Vec<u8>, number: u32) {
    unsigned(out, u64::from(number));
    out.extend_from_slice(b" 0 R");
}

/// Appends `number 0 obj` and a line break.
pub fn begin_object(out: &mut Vec<u8>, number: u32) {
    unsigned(out, u64::from(number));
    out.extend_from_slice(b" 0 obj\n");
}

/// Appends bytes as a hexadecimal string.
pub fn hex_string(out: &mut Vec<u8>, bytes: &[u8]) {
    out.push(b'<');
    for byte in bytes {
        out.extend_from_slice(&[HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
    }
    out.push(b'>');
}

/// Appends words as a text string (ISO 32000-1, 7.9.2.2): in PDFDocEncoding where that is the same
/// as Latin-1, else in UTF-16.
pub fn text_string(out: &mut Vec<u8>, words: &str) {
    let start = out.len();
    out.reserve(words.len() + 2);
    out.push(b'(');
    let bytes = words.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        // One byte, or the two of Latin-1's upper half.
        let (code, length) = match bytes[at] {
            byte @ b' '..=b'~' => (byte, 1),
            0xC2 if matches!(bytes[at + 1], 0xA1..=0xAC | 0xAE..=0xBF) => (bytes[at + 1], 2),
            0xC3 => (bytes[at + 1] + 0x40, 2),
            _ => break,
        };
        if matches!(code, b'(' | b')' | b'\\') {
            out.push(b'\\');
        }
        out.push(code);
        at += length;
    }
    if at == bytes.len() {
        out.push(b')');
    } else {
        out.truncate(start);
        out.extend_from_slice(b"<FEFF");
        for unit in words.encode_utf16() {
            for shift in [12, 8, 4, 0] {
                out.push(HEX[usize::from(unit >> shift & 15)]);
            }
        }
        out.push(b'>');
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap_or_default()
    }

    #[test]
    fn numbers_are_written_without_exponent_or_useless_zeros() {
        for (number, expected) in [
            (0.0, "0"),
            (-0.0, "0"),
            (0.000_001, "0"),
            (0.5, ".5"),
            (-0.05, "-.05"),
            (595.276, "595.276"),
            (841.89, "841.89"),
            (0.866_025_4, ".86603"),
            (-100.0, "-100"),
            (f32::NAN, "0"),
            (f32::INFINITY, "100000000000"),
            (f32::NEG_INFINITY, "-100000000000"),
        ] {
            assert_eq!(written(|out| real(out, number)), expected);
        }
        assert_eq!(written(|out| integer(out, i32::MIN)), "-2147483648");
    }

    #[test]
    fn words_outside_latin_1_are_written_in_utf_16() {
        assert_eq!(written(|out| text_string(out, "a(b)\\")), r"(a\(b\)\\)");
        assert_eq!(written(|out| text_string(out, "œ😀")), "<FEFF0153D83DDE00>");
        let mut out = Vec::new();
        text_string(&mut out, "é");
        assert_eq!(out, b"(\xE9)");
    }

    proptest! {
        #[test]
        fn whole_numbers_read_back(number: i32, large: u64) {
            prop_assert_eq!(written(|out| integer(out, number)), number.to_string());
            prop_assert_eq!(written(|out| unsigned(out, large)), large.to_string());
        }

        #[test]
        fn points_read_back_to_a_ten_thousandth(number in -20_000.0_f32..20_000.0) {
            let back: f64 = written(|out| real(out, number)).parse()?;
            prop_assert!((back - f64::from(number)).abs() <= 0.000_050_1);
        }
    }
}
