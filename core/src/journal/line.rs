//! One line: its fields, its instant, its digest.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

use super::{Actor, Command, Counts, Timestamp, hex};

/// One line of the journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// From 1, without gaps.
    pub number: u64,
    /// When it was executed, as `2020-01-03T08:00:00Z` in the file.
    #[serde(serialize_with = "write_instant", deserialize_with = "read_instant")]
    pub at: Timestamp,
    /// Who, in which role.
    pub actor: Actor,
    /// What.
    pub command: Command,
    /// The whole exam's counts after it.
    pub counts: Counts,
    /// SHA-256 of the line before, without its line feed; zeros for the first.
    #[serde(with = "hex::digest")]
    pub previous: [u8; 32],
}

/// SHA-256 of a line's bytes, without its line feed.
pub(super) fn digest(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

fn write_instant<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&instant(*at))
}

fn read_instant<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse_instant(&text)
        .ok_or_else(|| serde::de::Error::custom("not an instant such as 2020-01-03T08:00:00Z"))
}

/// The instant as RFC 3339 in UTC, to the second. Years before 0 or after 9999 have no such form
/// and are written as the nearest that has.
pub fn instant(at: Timestamp) -> String {
    let at = at.clamp(-62_167_219_200, 253_402_300_799);
    let (days, second) = (at.div_euclid(86_400), at.rem_euclid(86_400));
    let (year, month, day) = civil(days);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// Reads exactly the form that [`instant`] writes.
pub fn parse_instant(text: &str) -> Option<Timestamp> {
    let bytes = text.as_bytes();
    let number = |range: std::ops::Range<usize>| -> Option<i64> {
        bytes
            .get(range)?
            .iter()
            .try_fold(0, |sum, byte| byte.is_ascii_digit().then(|| sum * 10 + i64::from(byte - b'0')))
    };
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    let (hour, minute, second) = (number(11..13)?, number(14..16)?, number(17..19)?);
    if !(1..=12).contains(&month) || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let at = days_before(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second;
    // One spelling for each instant: this also refuses 31 February and wrong separators.
    (instant(at) == text).then_some(at)
}

/// Days from 1970-01-01 to a date of the proleptic Gregorian calendar. Years are counted from
/// March, so that the leap day is the last of its year; 400 years have 146,097 days.
fn days_before(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// The other way round: year, month, day.
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_instant_is_written_as_people_read_it() {
        for (at, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (1_578_038_400, "2020-01-03T08:00:00Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (-1, "1969-12-31T23:59:59Z"),
            (253_402_300_799, "9999-12-31T23:59:59Z"),
        ] {
            assert_eq!(instant(at), text);
            assert_eq!(parse_instant(text), Some(at));
        }
    }

    #[test]
    fn another_spelling_is_refused() {
        for text in [
            "",
            "2020-01-03",
            "2020-01-03T08:00:00",
            "2020-01-03T08:00:00+00:00",
            "2020-01-03 08:00:00Z",
            "2020-02-31T08:00:00Z",
            "2019-02-29T08:00:00Z",
            "2020-13-01T08:00:00Z",
            "2020-01-03T24:00:00Z",
            "2020-01-03T08:00:60Z",
            "+020-01-03T08:00:00Z",
            "２020-01-03T08:00:00Z",
        ] {
            assert_eq!(parse_instant(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_instant_reads_back(at in -62_167_219_200_i64..=253_402_300_799) {
            prop_assert_eq!(parse_instant(&instant(at)), Some(at));
        }
    }
}
