//! Digests and blob references in JSON.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::model::BlobRef;

/// Lower-case hexadecimal.
pub fn encode(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    text
}

/// Reads exactly `N` bytes written by [`encode`]; upper case and anything else is refused, so that
/// a value has one spelling.
pub fn decode<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let text = text.as_bytes();
    if text.len() != N * 2 {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(text.chunks_exact(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(bytes)
}

/// `#[serde(with = "…")]` for a SHA-256: 64 hexadecimal digits.
pub mod digest {
    use super::*;

    /// Writes.
    ///
    /// # Errors
    /// The serializer's own.
    pub fn serialize<S: Serializer>(digest: &[u8; 32], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&encode(digest))
    }

    /// Reads.
    ///
    /// # Errors
    /// What is not 64 lower-case hexadecimal digits.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<[u8; 32], D::Error> {
        let text = String::deserialize(deserializer)?;
        decode(&text).ok_or_else(|| D::Error::custom("not 64 lower-case hexadecimal digits"))
    }
}

/// `#[serde(with = "…")]` for an id of 128 bits: 32 hexadecimal digits.
pub mod id {
    use super::*;

    /// Writes.
    ///
    /// # Errors
    /// The serializer's own.
    pub fn serialize<S: Serializer>(id: &[u8; 16], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&encode(id))
    }

    /// Reads.
    ///
    /// # Errors
    /// What is not 32 lower-case hexadecimal digits.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<[u8; 16], D::Error> {
        let text = String::deserialize(deserializer)?;
        decode(&text).ok_or_else(|| D::Error::custom("not 32 lower-case hexadecimal digits"))
    }
}

/// `#[serde(with = "…")]` for a [`BlobRef`] that may be missing.
pub mod optional_blob {
    use super::*;

    #[derive(Serialize, Deserialize)]
    struct Spelt(#[serde(with = "super::blob")] BlobRef);

    /// Writes.
    ///
    /// # Errors
    /// The serializer's own.
    pub fn serialize<S: Serializer>(blob: &Option<BlobRef>, serializer: S) -> Result<S::Ok, S::Error> {
        blob.map(Spelt).serialize(serializer)
    }

    /// Reads.
    ///
    /// # Errors
    /// As for a blob that is not missing.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<BlobRef>, D::Error> {
        Ok(Option::<Spelt>::deserialize(deserializer)?.map(|Spelt(blob)| blob))
    }
}

/// `#[serde(with = "…")]` for a [`BlobRef`]: `{"sha256":"…","length":n,"crc32":"…"}`.
pub mod blob {
    use super::*;

    #[derive(Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Spelt {
        sha256: String,
        length: u64,
        crc32: String,
    }

    /// Writes.
    ///
    /// # Errors
    /// The serializer's own.
    pub fn serialize<S: Serializer>(blob: &BlobRef, serializer: S) -> Result<S::Ok, S::Error> {
        let spelt = Spelt {
            sha256: encode(&blob.sha256),
            length: blob.length,
            crc32: encode(&blob.crc32.to_be_bytes()),
        };
        spelt.serialize(serializer)
    }

    /// Reads.
    ///
    /// # Errors
    /// Anything but the three fields, each well formed.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BlobRef, D::Error> {
        let spelt = Spelt::deserialize(deserializer)?;
        let sha256 = decode(&spelt.sha256)
            .ok_or_else(|| D::Error::custom("sha256 is not 64 lower-case hexadecimal digits"))?;
        let crc32 = decode::<4>(&spelt.crc32)
            .ok_or_else(|| D::Error::custom("crc32 is not 8 lower-case hexadecimal digits"))?;
        Ok(BlobRef { sha256, length: spelt.length, crc32: u32::from_be_bytes(crc32) })
    }
}
