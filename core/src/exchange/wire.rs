//! The JSON of the exchange.

use serde::{Deserialize, Serialize};

use super::adapter::{Committed, Held, HeldState, Whole};
use super::rows::RejectedRow;
use crate::journal::{Timestamp, hex, parse_instant};

/// `POST …/commit`.
#[derive(Serialize)]
pub(super) struct CommitBody {
    chunks: u32,
    rows: u64,
    sha256: String,
    scope: &'static str,
}

impl CommitBody {
    pub(super) fn of(whole: &Whole) -> CommitBody {
        CommitBody {
            chunks: whole.chunks,
            rows: whole.rows,
            sha256: hex::encode(&whole.sha256),
            scope: if whole.replaces_all { "exam" } else { "rows" },
        }
    }
}

/// What a commit answers. A target may say more than is understood here.
#[derive(Deserialize)]
pub(super) struct CommitAnswer {
    accepted: u64,
    #[serde(default)]
    rejected: Vec<Rejected>,
}

#[derive(Deserialize)]
struct Rejected {
    key: String,
    #[serde(default)]
    code: String,
    #[serde(default)]
    reason: String,
}

/// What of a target's code or reason is kept, in characters.
const WORDS_KEPT: usize = 500;

fn rejected(list: Vec<Rejected>) -> Vec<RejectedRow> {
    let kept = |text: &str| text.chars().take(WORDS_KEPT).collect::<String>();
    list.into_iter()
        .map(|row| RejectedRow { code: kept(&row.code), reason: kept(&row.reason), key: row.key })
        .collect()
}

impl From<CommitAnswer> for Committed {
    fn from(answer: CommitAnswer) -> Committed {
        Committed { accepted: answer.accepted, rejected: rejected(answer.rejected) }
    }
}

/// `GET …/exports/{export}`.
#[derive(Deserialize)]
pub(super) struct StateAnswer {
    state: State,
    #[serde(default)]
    chunks: Vec<u32>,
    #[serde(default)]
    accepted: u64,
    #[serde(default)]
    rejected: Vec<Rejected>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Open,
    Committed,
    Superseded,
}

impl From<StateAnswer> for Held {
    fn from(answer: StateAnswer) -> Held {
        let state = match answer.state {
            State::Open => HeldState::Open,
            State::Superseded => HeldState::Superseded,
            State::Committed => HeldState::Committed(Committed {
                accepted: answer.accepted,
                rejected: rejected(answer.rejected),
            }),
        };
        Held { state, chunks: answer.chunks }
    }
}

/// `GET …/publication`.
#[derive(Deserialize)]
pub(super) struct PublicationAnswer {
    published: bool,
    #[serde(default)]
    at: Option<String>,
}

impl PublicationAnswer {
    /// When it was published. A target that publishes without saying when, did so now at the latest: 0 is
    /// given, which whoever has a clock replaces.
    pub(super) fn instant(&self) -> Option<Timestamp> {
        self.published.then(|| self.at.as_deref().and_then(parse_instant).unwrap_or(0))
    }
}
