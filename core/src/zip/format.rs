//! The bytes of a ZIP file's own structures (PKWARE APPNOTE 6.3.10, sections 4.3 and 4.5).

use super::Entry;

/// Version 2.0: folders, stored entries. Version 4.5: Zip64.
const VERSION: u16 = 20;
const VERSION_ZIP64: u16 = 45;
/// Bit 11: names are UTF-8. Nothing else: no data descriptor, no encryption.
const FLAGS: u16 = 1 << 11;
const STORED: u16 = 0;
/// Made on Unix, so that the upper half of the external attributes is a mode.
const MADE_BY_UNIX: u16 = 3 << 8;
/// A regular file, `rw-r--r--`.
const REGULAR_FILE: u32 = 0o100_644 << 16;
const ZIP64: u16 = 0x0001;
/// The extended timestamp of Info-ZIP: seconds since 1970 instead of a local time.
const TIMESTAMP: u16 = 0x5455;
const TIMESTAMP_IS_MODIFICATION: u8 = 1;

/// The size from which a 32-bit field stands for a Zip64 field.
const FULL_32: u64 = 0xFFFF_FFFF;
/// The same for 16 bits.
const FULL_16: u64 = 0xFFFF;

/// A moment as MS-DOS writes it: 1980 to 2107, steps of two seconds.
///
/// The format means local time and names no zone; we write UTC, so that the bytes depend on the
/// record alone, and the extended timestamp beside it says so to whoever reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DosTime {
    /// Year since 1980, month, day.
    pub date: u16,
    /// Hour, minute, half seconds.
    pub time: u16,
}

impl DosTime {
    /// From seconds since 1970, UTC; what lies outside the range becomes its nearest end.
    pub fn of(at: i64) -> DosTime {
        // 1980-01-01T00:00:00 and 2107-12-31T23:59:58.
        let at = at.clamp(315_532_800, 4_354_819_198);
        let (days, second) = (at.div_euclid(86_400), at.rem_euclid(86_400));
        let (year, month, day) = civil(days);
        DosTime {
            date: small((year - 1980) << 9 | month << 5 | day),
            time: small((second / 3600) << 11 | (second / 60 % 60) << 5 | (second % 60 / 2)),
        }
    }
}

/// The fields above are made of parts that fit 16 bits together.
fn small(value: i64) -> u16 {
    u16::try_from(value).unwrap_or(u16::MAX)
}

/// Year, month and day of a number of days since 1970-01-01, in the Gregorian calendar: counted
/// in years that begin on 1 March, so that the leap day comes last.
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

/// Bytes before an entry's content.
pub(super) fn local_header_length(entry: &Entry<'_>) -> u64 {
    let zip64 = if entry.length >= FULL_32 { 20 } else { 0 };
    let timestamp = if stampable(entry.at).is_some() { 9 } else { 0 };
    30 + entry.name.len() as u64 + zip64 + timestamp
}

/// The header before an entry's content.
pub(super) fn local_header(entry: &Entry<'_>, out: &mut Vec<u8>) {
    let zip64 = entry.length >= FULL_32;
    let mut extra = Vec::with_capacity(32);
    if zip64 {
        extra.extend(ZIP64.to_le_bytes());
        extra.extend(16_u16.to_le_bytes());
        extra.extend(entry.length.to_le_bytes());
        extra.extend(entry.length.to_le_bytes());
    }
    timestamp(entry.at, &mut extra);

    out.extend(b"PK\x03\x04");
    out.extend(if zip64 { VERSION_ZIP64 } else { VERSION }.to_le_bytes());
    shared_fields(entry, &extra, out);
    out.extend(entry.name.as_bytes());
    out.extend(extra);
}

/// Bytes of an entry's line in the central directory; its local header begins at `offset`.
pub(super) fn central_header_length(entry: &Entry<'_>, offset: u64) -> u64 {
    let zip64 = match (entry.length >= FULL_32, offset >= FULL_32) {
        (false, false) => 0,
        (large, far) => 4 + u64::from(large) * 16 + u64::from(far) * 8,
    };
    let timestamp = if stampable(entry.at).is_some() { 9 } else { 0 };
    46 + entry.name.len() as u64 + zip64 + timestamp
}

/// An entry's line in the central directory.
pub(super) fn central_header(entry: &Entry<'_>, offset: u64, out: &mut Vec<u8>) {
    let (large, far) = (entry.length >= FULL_32, offset >= FULL_32);
    let mut extra = Vec::with_capacity(40);
    if large || far {
        extra.extend(ZIP64.to_le_bytes());
        extra.extend((u16::from(large) * 16 + u16::from(far) * 8).to_le_bytes());
        if large {
            extra.extend(entry.length.to_le_bytes());
            extra.extend(entry.length.to_le_bytes());
        }
        if far {
            extra.extend(offset.to_le_bytes());
        }
    }
    timestamp(entry.at, &mut extra);

    let version = if large || far { VERSION_ZIP64 } else { VERSION };
    out.extend(b"PK\x01\x02");
    out.extend((MADE_BY_UNIX | version).to_le_bytes());
    out.extend(version.to_le_bytes());
    shared_fields(entry, &extra, out);
    // No comment, first disk, no internal attributes.
    out.extend([0; 6]);
    out.extend(REGULAR_FILE.to_le_bytes());
    out.extend(capped_32(offset).to_le_bytes());
    out.extend(entry.name.as_bytes());
    out.extend(extra);
}

/// Flags to extra length: the same in both headers.
fn shared_fields(entry: &Entry<'_>, extra: &[u8], out: &mut Vec<u8>) {
    let moment = DosTime::of(entry.at);
    out.extend(FLAGS.to_le_bytes());
    out.extend(STORED.to_le_bytes());
    out.extend(moment.time.to_le_bytes());
    out.extend(moment.date.to_le_bytes());
    out.extend(entry.crc32.to_le_bytes());
    out.extend(capped_32(entry.length).to_le_bytes());
    out.extend(capped_32(entry.length).to_le_bytes());
    // Both lengths were checked when the plan was laid out.
    out.extend(capped_16(entry.name.len() as u64).to_le_bytes());
    out.extend(capped_16(extra.len() as u64).to_le_bytes());
}

fn timestamp(at: i64, extra: &mut Vec<u8>) {
    if let Some(seconds) = stampable(at) {
        extra.extend(TIMESTAMP.to_le_bytes());
        extra.extend(5_u16.to_le_bytes());
        extra.push(TIMESTAMP_IS_MODIFICATION);
        extra.extend(seconds.to_le_bytes());
    }
}

/// Readers disagree about negative numbers here, so only 1970 to 2038 is written.
fn stampable(at: i64) -> Option<u32> {
    i32::try_from(at).ok().and_then(|at| u32::try_from(at).ok())
}

/// Whether the end of the directory needs its Zip64 form.
fn needs_zip64_end(count: u64, length: u64, offset: u64) -> bool {
    count >= FULL_16 || length >= FULL_32 || offset >= FULL_32
}

/// Bytes after the central directory.
pub(super) fn end_length(count: u64, directory_length: u64, directory_offset: u64) -> u64 {
    if needs_zip64_end(count, directory_length, directory_offset) { 56 + 20 + 22 } else { 22 }
}

/// What closes the archive.
pub(super) fn end(count: u64, directory_length: u64, directory_offset: u64, out: &mut Vec<u8>) {
    if needs_zip64_end(count, directory_length, directory_offset) {
        out.extend(b"PK\x06\x06");
        out.extend(44_u64.to_le_bytes());
        out.extend((MADE_BY_UNIX | VERSION_ZIP64).to_le_bytes());
        out.extend(VERSION_ZIP64.to_le_bytes());
        // This disk, the directory's disk.
        out.extend([0; 8]);
        out.extend(count.to_le_bytes());
        out.extend(count.to_le_bytes());
        out.extend(directory_length.to_le_bytes());
        out.extend(directory_offset.to_le_bytes());
        out.extend(b"PK\x06\x07");
        out.extend(0_u32.to_le_bytes());
        out.extend((directory_offset + directory_length).to_le_bytes());
        out.extend(1_u32.to_le_bytes());
    }
    out.extend(b"PK\x05\x06");
    out.extend([0; 4]);
    out.extend(capped_16(count).to_le_bytes());
    out.extend(capped_16(count).to_le_bytes());
    out.extend(capped_32(directory_length).to_le_bytes());
    out.extend(capped_32(directory_offset).to_le_bytes());
    out.extend(0_u16.to_le_bytes());
}

fn capped_32(value: u64) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

fn capped_16(value: u64) -> u16 {
    u16::try_from(value).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_written_as_dos_does() {
        let dos = |year: u16, month: u16, day: u16, hour: u16, minute: u16, second: u16| DosTime {
            date: (year - 1980) << 9 | month << 5 | day,
            time: hour << 11 | minute << 5 | (second / 2),
        };
        for (at, expected) in [
            (1_578_038_401, dos(2020, 1, 3, 8, 0, 0)),
            (951_868_799, dos(2000, 2, 29, 23, 59, 58)),
            (951_868_800, dos(2000, 3, 1, 0, 0, 0)),
            (315_532_800, dos(1980, 1, 1, 0, 0, 0)),
            (0, dos(1980, 1, 1, 0, 0, 0)),
            (i64::MIN, dos(1980, 1, 1, 0, 0, 0)),
            (4_107_542_399, dos(2100, 2, 28, 23, 59, 58)),
            (4_107_542_400, dos(2100, 3, 1, 0, 0, 0)),
            (i64::MAX, dos(2107, 12, 31, 23, 59, 58)),
        ] {
            assert_eq!(DosTime::of(at), expected, "{at}");
        }
    }

    #[test]
    fn a_header_is_as_long_as_planned() {
        for length in [0, 1, FULL_32 - 1, FULL_32, u64::MAX] {
            for offset in [0, FULL_32 - 1, FULL_32, u64::MAX] {
                for at in [-1, 0, 1 << 31, 1_578_038_401] {
                    let entry = Entry { name: "é.pdf", length, crc32: 7, at };
                    let (mut local, mut central) = (Vec::new(), Vec::new());
                    local_header(&entry, &mut local);
                    central_header(&entry, offset, &mut central);
                    assert_eq!(local.len() as u64, local_header_length(&entry));
                    assert_eq!(central.len() as u64, central_header_length(&entry, offset));
                }
            }
        }
        for (count, length, offset) in [(1, 50, 90), (65_535, 50, 90), (1, FULL_32, 90), (1, 50, FULL_32)] {
            let mut bytes = Vec::new();
            end(count, length, offset, &mut bytes);
            assert_eq!(bytes.len() as u64, end_length(count, length, offset));
        }
    }
}
