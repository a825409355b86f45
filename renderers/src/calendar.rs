//! Dates, as the calendar and as French readers have them.

/// Year, month and day of a count of days since 1970-01-01 in the Gregorian calendar, counted from
/// 1 March of year 0 so that the leap day ends the year.
pub fn date(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

const MONTHS: [&str; 12] = [
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
];

/// `3 janvier 2020`; the first of a month is `1er`.
fn in_french(year: i64, month: i64, day: i64) -> Option<String> {
    let month = MONTHS.get(usize::try_from(month).ok()?.checked_sub(1)?)?;
    let ordinal = if day == 1 { "er" } else { "" };
    Some(format!("{day}{ordinal} {month} {year}"))
}

/// The day of an instant (seconds since 1970, UTC): `3 janvier 2020`.
pub fn day(at: i64) -> String {
    let (year, month, day) = date(at.div_euclid(86_400));
    in_french(year, month, day).unwrap_or_default()
}

/// `2020-01-03T08:00` as `3 janvier 2020 à 8 h`; anything else as it is.
pub fn start(text: &str) -> String {
    let read = || {
        let (date, time) = text.split_once('T')?;
        let mut parts = date.split('-').map(|part| part.parse().ok());
        let day = in_french(parts.next()??, parts.next()??, parts.next()??)?;
        let (hour, minute) = time.split_once(':')?;
        let (hour, minute): (u8, u8) = (hour.parse().ok()?, minute.get(..2)?.parse().ok()?);
        Some(if minute == 0 {
            format!("{day} à {hour} h")
        } else {
            format!("{day} à {hour} h {minute:02}")
        })
    };
    read().unwrap_or_else(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_written_as_french_readers_write_them() {
        assert_eq!(start("2020-01-03T08:00"), "3 janvier 2020 à 8 h");
        assert_eq!(start("2021-08-01T14:05"), "1er août 2021 à 14 h 05");
        assert_eq!(start("bientôt"), "bientôt");
        assert_eq!(start("2021-13-01T14:05"), "2021-13-01T14:05");
        assert_eq!(day(1_578_038_400), "3 janvier 2020");
    }
}
