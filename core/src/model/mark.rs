//! Marks, exactly: integer hundredths, never floating point.

use std::fmt;

use rkyv::{Archive, Deserialize, Serialize};

/// A decimal number with two decimals, kept as an integer count of hundredths.
///
/// Used for marks (0 to 20), question scores and mark steps. French marks are published to
/// the hundredth, and binary floating point cannot hold 12.1.
#[derive(
    Archive, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash,
)]
#[rkyv(derive(Debug, Clone, Copy, PartialEq, Eq))]
pub struct Hundredths(pub i32);

/// Why a decimal was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecimalFault {
    /// Not of the form `12`, `12.5` or `12.50` (no sign `+`, no exponent, no comma, no `NaN`).
    #[error("not a plain decimal number such as 12 or 12.5")]
    NotADecimal,
    /// More than two digits after the point.
    #[error("more than two decimals")]
    TooPrecise,
    /// Does not fit: more than six digits before the point.
    #[error("number too large")]
    TooLarge,
}

impl Hundredths {
    /// The highest mark, 20.
    pub const TWENTY: Hundredths = Hundredths(2000);

    /// Reads `"12.5"` as 1250 hundredths, from the characters themselves.
    ///
    /// # Errors
    /// [`DecimalFault`] for anything that is not an optional minus, one to six digits, and at
    /// most two decimals.
    pub fn parse(text: &str) -> Result<Hundredths, DecimalFault> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (whole, decimals) = match digits.split_once('.') {
            Some((_, "")) => return Err(DecimalFault::NotADecimal),
            Some(parts) => parts,
            None => (digits, ""),
        };
        let plain = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !plain(whole) || !plain(decimals) {
            return Err(DecimalFault::NotADecimal);
        }
        if decimals.len() > 2 {
            return Err(DecimalFault::TooPrecise);
        }
        if whole.len() > 6 {
            return Err(DecimalFault::TooLarge);
        }
        let number = |part: &str| part.bytes().fold(0_i32, |sum, byte| sum * 10 + i32::from(byte - b'0'));
        let tenths = if decimals.len() == 1 { 10 } else { 1 };
        let value = number(whole) * 100 + number(decimals) * tenths;
        Ok(Hundredths(if negative { -value } else { value }))
    }

    /// As a French reader writes it: `12`, `12,5`, `12,25`.
    pub fn french(self) -> String {
        // Digit by digit: a marking sheet has many, and formatting machinery is slow.
        let value = self.0.unsigned_abs();
        let mut text = String::with_capacity(12);
        if self.0 < 0 {
            text.push('-');
        }
        let whole = value / 100;
        let mut place = 100_000_000;
        while place > whole && place > 1 {
            place /= 10;
        }
        while place > 0 {
            text.push(digit(whole / place));
            place /= 10;
        }
        let (tenths, hundredths) = (value / 10 % 10, value % 10);
        if tenths > 0 || hundredths > 0 {
            text.push(',');
            text.push(digit(tenths));
        }
        if hundredths > 0 {
            text.push(digit(hundredths));
        }
        text
    }
}

/// The last decimal digit of a number.
fn digit(number: u32) -> char {
    char::from_digit(number % 10, 10).unwrap_or('0')
}

impl fmt::Display for Hundredths {
    /// Always two decimals and a point: `12.50`, the form of the exchanges.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let value = self.0.unsigned_abs();
        write!(f, "{sign}{}.{:02}", value / 100, value % 100)
    }
}

impl ArchivedHundredths {
    /// The number itself.
    pub fn get(&self) -> Hundredths {
        Hundredths(self.0.to_native())
    }
}

/// What an exam ends with for one candidate. Four different things; zero is a mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MarkOutcome {
    /// A numeric mark.
    Mark(Hundredths),
    /// Did not come, with or without a valid reason.
    Absent {
        /// Whether the absence is justified.
        justified: bool,
    },
    /// Did not have to come.
    Exempt,
    /// Came, and has no mark: *oubli de note*.
    Missing,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_read_from_its_characters() {
        for (text, hundredths) in
            [("0", 0), ("12", 1200), ("12.5", 1250), ("12.05", 1205), ("20.00", 2000), ("-1", -100)]
        {
            assert_eq!(Hundredths::parse(text), Ok(Hundredths(hundredths)), "{text}");
        }
    }

    #[test]
    fn what_is_not_a_plain_decimal_is_refused() {
        use DecimalFault::*;
        for (text, fault) in [
            ("12.345", TooPrecise),
            ("NaN", NotADecimal),
            ("1e3", NotADecimal),
            ("12,5", NotADecimal),
            ("", NotADecimal),
            ("-", NotADecimal),
            (".5", NotADecimal),
            ("5.", NotADecimal),
            ("+3", NotADecimal),
            ("1 2", NotADecimal),
            ("١٢", NotADecimal),
            ("12345678", TooLarge),
        ] {
            assert_eq!(Hundredths::parse(text), Err(fault), "{text}");
        }
    }

    #[test]
    fn a_mark_is_written_for_programs_and_for_people() {
        assert_eq!(Hundredths(1250).to_string(), "12.50");
        assert_eq!(Hundredths(-5).to_string(), "-0.05");
        assert_eq!(Hundredths(1250).french(), "12,5");
        assert_eq!(Hundredths(2000).french(), "20");
        assert_eq!(Hundredths(1005).french(), "10,05");
        assert_eq!(Hundredths(0).french(), "0");
        assert_eq!(Hundredths(-75).french(), "-0,75");
        assert_eq!(Hundredths(i32::MAX).french(), "21474836,47");
    }
}
