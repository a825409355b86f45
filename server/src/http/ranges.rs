//! `Range`, `If-Range`, `If-None-Match` (RFC 9110, sections 13 and 14) for bodies whose tag is strong.

use std::ops::Range;

use super::call::Call;

/// Which bytes of a body are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// All of it: 200.
    Whole,
    /// These: 206.
    Part(Range<u64>),
    /// Bytes past its end: 416.
    Beyond,
    /// Nothing new: 304.
    Unchanged,
}

impl Asked {
    /// What a request asks for of a body of so many bytes with this tag (with its quotes). A request for several
    /// ranges gets the whole, as the standard allows.
    pub(crate) fn of(call: &Call, length: u64, tag: &str) -> Asked {
        if let Some(tags) = call.header("if-none-match") {
            let known = tags.split(',').map(str::trim).any(|known| {
                // Compared weakly, as the standard has it for this header.
                known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag
            });
            if known {
                return Asked::Unchanged;
            }
        }
        let Some(range) = call.header("range") else { return Asked::Whole };
        // Only what is surely the same is gone on with: a strong tag; a date never is one.
        if call.header("if-range").is_some_and(|known| known.trim() != tag) {
            return Asked::Whole;
        }
        match one(range, length) {
            Some(range) if range.is_empty() => Asked::Beyond,
            Some(range) => Asked::Part(range),
            None => Asked::Whole,
        }
    }
}

/// The bytes of `bytes=0-99`, `bytes=100-` or `bytes=-100`; empty when there are none such; none for what is
/// not understood or several ranges, which count as not asked for.
fn one(header: &str, length: u64) -> Option<Range<u64>> {
    let (unit, spec) = header.trim().split_once('=')?;
    let (first, last) = spec.trim().split_once('-')?;
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return None;
    }
    let number = |text: &str| -> Option<u64> {
        let text = text.trim();
        // A number too large for us is past every end.
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| text.parse().unwrap_or(u64::MAX))
    };
    if first.trim().is_empty() {
        let last = number(last)?;
        return Some(length.saturating_sub(last)..if last == 0 { 0 } else { length });
    }
    let first = number(first)?;
    let end = match last.trim() {
        "" => length,
        last => {
            let last = number(last)?;
            if last < first {
                return None;
            }
            last.saturating_add(1).min(length)
        }
    };
    Some(if first < length { first..end } else { 0..0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TAG: &str = "\"t\"";

    fn asked(headers: &[(&str, &str)], length: u64) -> Asked {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let call = Call::new("GET", "/", headers, Vec::new()).expect("a request");
        Asked::of(&call, length, TAG)
    }

    #[test]
    fn ranges_are_what_the_standard_says() {
        for (range, wanted) in [
            ("bytes=0-0", Asked::Part(0..1)),
            ("bytes=0-99", Asked::Part(0..10)),
            ("bytes=3-", Asked::Part(3..10)),
            ("bytes=9-", Asked::Part(9..10)),
            ("bytes=-3", Asked::Part(7..10)),
            ("bytes=-99", Asked::Part(0..10)),
            ("Bytes = 2 - 4", Asked::Part(2..5)),
            ("bytes=5-99999999999999999999999", Asked::Part(5..10)),
            ("bytes=10-", Asked::Beyond),
            ("bytes=-0", Asked::Beyond),
            ("bytes=99999999999999999999999-", Asked::Beyond),
            ("bytes=4-2", Asked::Whole),
            ("bytes=0-1,3-4", Asked::Whole),
            ("bytes=a-", Asked::Whole),
            ("bytes=-", Asked::Whole),
            ("bytes=+1-", Asked::Whole),
            ("items=0-1", Asked::Whole),
            ("bytes", Asked::Whole),
        ] {
            assert_eq!(asked(&[("Range", range)], 10), wanted, "{range}");
        }
        assert_eq!(asked(&[("Range", "bytes=0-")], 0), Asked::Beyond);
    }

    #[test]
    fn a_part_is_given_only_of_what_is_surely_the_same() {
        let part = ("Range", "bytes=3-");
        for (known, wanted) in [
            (TAG, Asked::Part(3..10)),
            ("\"other\"", Asked::Whole),
            ("W/\"t\"", Asked::Whole),
            ("Wed, 21 Oct 2015 07:28:00 GMT", Asked::Whole),
        ] {
            assert_eq!(asked(&[part, ("If-Range", known)], 10), wanted, "{known}");
        }
    }

    #[test]
    fn what_is_known_already_is_not_sent() {
        for (known, wanted) in [
            (TAG, Asked::Unchanged),
            ("W/\"t\"", Asked::Unchanged),
            ("\"a\", \"t\"", Asked::Unchanged),
            ("*", Asked::Unchanged),
            ("\"a\"", Asked::Whole),
        ] {
            assert_eq!(asked(&[("If-None-Match", known)], 10), wanted, "{known}");
        }
    }
}
