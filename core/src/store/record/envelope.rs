//! The envelope around every record.
//!
//! | offset | size | |
//! |---|---|---|
//! | 0 | 4 | `CPST` |
//! | 4 | 2 | kind |
//! | 6 | 2 | schema version |
//! | 8 | 4 | length of the archived bytes |
//! | 12 | 4 | CRC-32 of bytes 0 to 11 and of the archived bytes |
//! | 16 | … | archived bytes |
//!
//! Numbers are little-endian.

use super::VALUE_LIMIT;

/// Length of the head.
pub(super) const HEAD: usize = 16;

const MAGIC: [u8; 4] = *b"CPST";

/// Why bytes are not the record they should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordFault {
    /// Shorter than its head, or another length than it says.
    #[error("a record of kind {kind} is cut short or too long")]
    Length {
        /// The kind that was looked for.
        kind: u16,
    },
    /// Not an envelope.
    #[error("a record of kind {kind} does not begin as one")]
    Magic {
        /// The kind that was looked for.
        kind: u16,
    },
    /// A record of something else.
    #[error("a record of kind {found} lies where kind {kind} belongs")]
    Kind {
        /// The kind that was looked for.
        kind: u16,
        /// The kind that was found.
        found: u16,
    },
    /// A bit has changed.
    #[error("a record of kind {kind} fails its CRC")]
    Crc {
        /// The kind that was looked for.
        kind: u16,
    },
    /// The archived bytes are not valid.
    #[error("a record of kind {kind} is not valid")]
    Invalid {
        /// The kind that was looked for.
        kind: u16,
    },
    /// Written by a version that this one does not know.
    #[error("a record of kind {kind} has schema version {schema}, which this version does not know")]
    UnknownSchema {
        /// The kind that was looked for.
        kind: u16,
        /// The version that was found.
        schema: u16,
    },
    /// Does not fit an envelope.
    #[error("a record of kind {kind} has {length} bytes, more than the {VALUE_LIMIT} that fit")]
    TooLarge {
        /// The kind.
        kind: u16,
        /// Its length in bytes.
        length: usize,
    },
}

/// Puts archived bytes into an envelope.
pub(super) fn seal(kind: u16, schema: u16, archived: &[u8]) -> Result<Vec<u8>, RecordFault> {
    let length =
        u32::try_from(archived.len()).map_err(|_| RecordFault::TooLarge { kind, length: archived.len() })?;
    let mut bytes = Vec::with_capacity(HEAD + archived.len());
    bytes.extend_from_slice(&MAGIC);
    bytes.extend_from_slice(&kind.to_le_bytes());
    bytes.extend_from_slice(&schema.to_le_bytes());
    bytes.extend_from_slice(&length.to_le_bytes());
    let crc = crc(&bytes, archived);
    bytes.extend_from_slice(&crc.to_le_bytes());
    bytes.extend_from_slice(archived);
    Ok(bytes)
}

/// Takes an envelope apart into schema version and archived bytes.
pub(super) fn open(kind: u16, bytes: &[u8]) -> Result<(u16, &[u8]), RecordFault> {
    let Some((head, archived)) = bytes.split_first_chunk::<HEAD>() else {
        return Err(RecordFault::Length { kind });
    };
    let [m0, m1, m2, m3, k0, k1, s0, s1, l0, l1, l2, l3, c0, c1, c2, c3] = *head;
    if [m0, m1, m2, m3] != MAGIC {
        return Err(RecordFault::Magic { kind });
    }
    if u32::from_le_bytes([c0, c1, c2, c3]) != crc(&head[..12], archived) {
        return Err(RecordFault::Crc { kind });
    }
    if u32::from_le_bytes([l0, l1, l2, l3]) as usize != archived.len() {
        return Err(RecordFault::Length { kind });
    }
    let found = u16::from_le_bytes([k0, k1]);
    if found != kind {
        return Err(RecordFault::Kind { kind, found });
    }
    Ok((u16::from_le_bytes([s0, s1]), archived))
}

/// The kind that bytes say they are of; what else is wrong with them is not looked at.
pub fn kind_of(bytes: &[u8]) -> Option<u16> {
    let head = bytes.first_chunk::<HEAD>()?;
    Some(u16::from_le_bytes([head[4], head[5]]))
}

fn crc(head: &[u8], archived: &[u8]) -> u32 {
    let mut crc = crc32fast::Hasher::new();
    crc.update(head);
    crc.update(archived);
    crc.finalize()
}
