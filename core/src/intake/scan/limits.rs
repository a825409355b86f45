//! How large a scan may be. The numbers are CONTRACTS section 1 and the issue's own.

use super::damage;
use crate::model::Damage;

/// Pixels a side.
const SIDE: u64 = 20_000;
/// Pixels in all.
const AREA: u64 = 150_000_000;
/// Pixels a side of a bilevel scan.
const BILEVEL_SIDE: u64 = 40_000;
/// Pixels in all of a bilevel scan.
const BILEVEL_AREA: u64 = 1_300_000_000;

/// Bytes of a JPEG, PNG or TIFF file: it is read whole into memory.
pub(crate) const IMAGE_BYTES: u64 = 256 << 20;
/// Bytes of a PDF file.
pub(crate) const PDF_BYTES: u64 = 1 << 30;
/// Pages of one file. A wave's largest batch has some thousands; more is a bomb.
pub(crate) const PAGES: u32 = 10_000;

/// Accepts the size of a picture in pixels.
///
/// # Errors
/// `SCN-006` for a side of zero, `SCN-005` with the numbers beyond the limits.
pub(crate) fn check(width: u32, height: u32, bilevel: bool) -> Result<(), Damage> {
    if width == 0 || height == 0 {
        return Err(damage::no_pixels(format!("{width} x {height} pixels")));
    }
    let (side, area) = if bilevel { (BILEVEL_SIDE, BILEVEL_AREA) } else { (SIDE, AREA) };
    let (across, down) = (u64::from(width), u64::from(height));
    if across > side || down > side || across * down > area {
        return Err(damage::too_many_pixels(format!(
            "{width} x {height} pixels, at most {side} a side and {} million in all",
            area / 1_000_000
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn the_limits_are_those_of_the_contract() {
        for (width, height, bilevel, code) in [
            (1, 1, false, None),
            (20_000, 7_500, false, None),
            (20_000, 7_501, false, Some("SCN-005")),
            (20_001, 1, false, Some("SCN-005")),
            (1, 20_001, false, Some("SCN-005")),
            (20_001, 1, true, None),
            (40_000, 32_500, true, None),
            (40_000, 32_501, true, Some("SCN-005")),
            (40_001, 1, true, Some("SCN-005")),
            (60_000, 60_000, true, Some("SCN-005")),
            (u32::MAX, u32::MAX, true, Some("SCN-005")),
            (0, 10, false, Some("SCN-006")),
            (10, 0, true, Some("SCN-006")),
        ] {
            let found = check(width, height, bilevel).err().map(|damage| damage.code);
            assert_eq!(found.as_deref(), code, "{width} x {height}, bilevel {bilevel}");
        }
    }
}
