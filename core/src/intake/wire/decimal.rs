//! Decimals from their characters, never through floating point.

/// The number was not one, or is too large for any use here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unscalable {
    /// Not a decimal number.
    NotANumber,
    /// More than twelve digits before the point once scaled.
    TooLarge,
}

/// A decimal times ten to the power `places`, rounded half away from zero.
///
/// Takes what JSON calls a number (an exponent too, since some programs write 0.00001 as `1e-05`):
/// places on a page and sizes need no exactness, unlike marks, which go through
/// [`Hundredths::parse`](crate::model::Hundredths::parse).
///
/// # Errors
/// [`Unscalable`].
pub fn scaled(text: &str, places: i32) -> Result<i64, Unscalable> {
    if text.len() > 64 {
        return Err(Unscalable::TooLarge);
    }
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (mantissa, exponent) = match digits.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => {
            let exponent = exponent.strip_prefix('+').unwrap_or(exponent);
            if exponent.starts_with('+') {
                return Err(Unscalable::NotANumber);
            }
            (mantissa, exponent.parse::<i32>().map_err(|_| Unscalable::NotANumber)?)
        }
        None => (digits, 0),
    };
    let (whole, decimals) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
    let plain = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !plain(whole) || !plain(decimals) {
        return Err(Unscalable::NotANumber);
    }
    let all: Vec<u8> = whole.bytes().chain(decimals.bytes()).map(|byte| byte - b'0').collect();
    let leading = all.iter().take_while(|digit| **digit == 0).count();
    let significant = &all[leading..];
    if significant.is_empty() {
        return Ok(0);
    }
    // Where the point stands among the significant digits once scaled. Lengths are at most 64.
    let shift = i64::from(places) + i64::from(exponent) + (whole.len() as i64) - (leading as i64);
    if shift > 12 {
        return Err(Unscalable::TooLarge);
    }
    if shift < 0 {
        return Ok(0);
    }
    // At most 12, so it fits.
    let kept = usize::try_from(shift).unwrap_or(0);
    let mut value = 0_i64;
    for index in 0..kept {
        value = value * 10 + i64::from(significant.get(index).copied().unwrap_or(0));
    }
    if significant.get(kept).is_some_and(|digit| *digit >= 5) {
        value += 1;
    }
    Ok(if negative { -value } else { value })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_place_is_rounded_half_away_from_zero_from_its_characters() {
        for (text, places, expected) in [
            ("0", 5, 0),
            ("-0.0", 5, 0),
            ("1", 5, 100_000),
            ("0.5", 5, 50_000),
            ("0.000005", 5, 1),
            ("-0.000005", 5, -1),
            ("0.0000049999999999", 5, 0),
            ("1e-05", 5, 1),
            ("1.25E+1", 2, 1_250),
            ("-1.005", 2, -101),
            ("0.285", 2, 29),
            ("000.5", 1, 5),
            ("1e-2000000000", 5, 0),
            ("0e2000000000", 5, 0),
            ("99999.99", 2, 9_999_999),
        ] {
            assert_eq!(scaled(text, places), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_not_a_number_or_past_all_sense_is_refused() {
        for text in
            ["", "-", "NaN", "inf", "1,5", "1e", "1e+", "1e++5", "1e99999999999", ".5", "5.", "١", "1 ", "+1"]
        {
            assert_eq!(scaled(text, 5), Err(Unscalable::NotANumber), "{text}");
        }
        for text in ["1e300", "99999999999999999999", "1e2147483647"] {
            assert_eq!(scaled(text, 5), Err(Unscalable::TooLarge), "{text}");
        }
        assert_eq!(scaled(&"1".repeat(65), 0), Err(Unscalable::TooLarge));
    }

    proptest! {
        #[test]
        fn it_is_the_nearest_unit(value in -9_999_999_i64..9_999_999, digits in 0_u32..9) {
            let power = 10_i64.pow(digits);
            let sign = if value < 0 { "-" } else { "" };
            let (whole, rest) = (value.abs() / power, value.abs() % power);
            let text = if digits == 0 {
                format!("{sign}{whole}")
            } else {
                format!("{sign}{whole}.{rest:0width$}", width = digits as usize)
            };
            let exact = i128::from(value) * 100_000;
            let got = i128::from(scaled(&text, 5).unwrap()) * i128::from(power);
            prop_assert!((got - exact).abs() * 2 <= i128::from(power), "{text}");
        }
    }
}
