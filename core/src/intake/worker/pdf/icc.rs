//! Colour profiles: whether one may stand in an archival PDF (ISO 19005-2, 6.2.4.2; ICC.1:2010, 7.2).

/// Whether a profile is whole, of a kind that describes a device's colours, and of so many components.
pub(crate) fn usable(profile: &[u8], components: u8) -> bool {
    let at = |from: usize| profile.get(from..from + 4);
    let stated = at(0).and_then(|size| size.try_into().ok()).map(u32::from_be_bytes);
    let space: &[u8] = if components == 1 { b"GRAY" } else { b"RGB " };
    let class = at(12);
    stated.is_some_and(|size| size as usize <= profile.len())
        && profile.len() >= 132
        && profile.get(8).is_some_and(|major| *major <= 4)
        && [&b"scnr"[..], b"mntr", b"prtr", b"spac"].iter().any(|kind| class == Some(*kind))
        && at(16) == Some(space)
        && at(36) == Some(b"acsp")
}
