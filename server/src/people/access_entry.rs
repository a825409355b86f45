//! One line of the access log.

use copiste_core::journal::{Role, Timestamp, hex, instant, parse_instant};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What was looked at or taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// A copy, in the viewer.
    View,
    /// A page of a copy.
    Page,
    /// A copy as PDF.
    Pdf,
    /// Copies as ZIP.
    Zip,
    /// A list of candidates.
    List,
}

/// Who looked at what, or took it away. Ids, digests and numbers: no name, no candidate's number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Access {
    /// When it ended, as `2020-01-03T08:00:00Z` in the file.
    #[serde(serialize_with = "write_instant", deserialize_with = "read_instant")]
    pub at: Timestamp,
    /// Whose it was.
    #[serde(with = "hex::id")]
    pub account: [u8; 16],
    /// In which role.
    pub role: Role,
    /// What the role is limited to: an ER or a UAI.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// What it was.
    pub what: What,
    /// The exam's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exam: Option<String>,
    /// The script's id, in hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub script: Option<String>,
    /// The page of the script, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<u32>,
    /// The school whose copies it was, by its UAI.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub school: Option<String>,
    /// Of a ZIP, the instant before which its copies had become renderable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// Bytes that were sent.
    pub bytes: u64,
    /// Whether the transfer reached its last byte.
    pub whole: bool,
    /// The id of the request, as in the logs.
    pub request: String,
}

fn write_instant<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&instant(*at))
}

fn read_instant<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse_instant(&text).ok_or_else(|| serde::de::Error::custom("not an instant"))
}
