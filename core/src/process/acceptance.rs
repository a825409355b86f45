//! Taking responsibility for damaged pages, by name and with a reason.

use std::io;

use crate::journal::{AcceptDamage, Actor, Command, PagePlace, Timestamp};
use crate::store::{BlobSink, ExecuteError, Store, StoreError};

/// The longest reason, in characters.
pub const REASON_LIMIT: usize = 2_000;

/// Which pages are accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which {
    /// One page of a candidate's script.
    Page(PagePlace),
    /// Every damaged page of the exam that nobody has accepted yet.
    AllDamaged,
}

/// What accepting did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// The pages, by candidate number and page.
    pub pages: Vec<PagePlace>,
    /// The journal line; none when all of them were accepted already.
    pub line: Option<u64>,
}

/// Why nothing was accepted. Nothing has changed then.
#[derive(Debug, thiserror::Error)]
pub enum AcceptError {
    /// No reason, or a novel.
    #[error(
        "SCN-060 a reason of 1 to 2,000 characters without control characters is needed; nothing was changed"
    )]
    Reason,
    /// The reason cannot be kept.
    #[error("SCN-061 the reason cannot be kept: {0}; nothing was changed")]
    Keep(#[source] io::Error),
    /// A record cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No such exam or page, or the page is not damaged.
    #[error(transparent)]
    Execute(#[from] ExecuteError),
}

/// Accepts damaged pages: they stay damaged and are shown as placeholders, but no longer hold
/// Scanning back. Accepting twice is accepting once.
///
/// # Errors
/// [`AcceptError`]; with [`Which::Page`] also when that page is not damaged.
pub fn accept(
    store: &Store,
    exam: &str,
    which: &Which,
    reason: &str,
    actor: &Actor,
    at: Timestamp,
) -> Result<Accepted, AcceptError> {
    let reason = reason.trim();
    let control = |character: char| character.is_control() && character != '\n';
    if reason.is_empty() || reason.chars().count() > REASON_LIMIT || reason.chars().any(control) {
        return Err(AcceptError::Reason);
    }
    let Some(view) = store.exam(exam)? else {
        return Err(ExecuteError::NoSuchExam { exam: exam.to_owned() }.into());
    };
    let pages = match which {
        Which::Page(place) => vec![place.clone()],
        Which::AllDamaged => {
            let open = view.damaged()?.into_iter().filter(|page| page.accepted.is_none());
            open.map(|page| page.place).collect()
        }
    };
    if pages.is_empty() {
        return Ok(Accepted { pages, line: None });
    }
    let batch = store.blobs().begin();
    let reason = batch.put(reason.as_bytes()).map_err(AcceptError::Keep)?;
    batch.seal().map_err(AcceptError::Keep)?;
    let command = Command::AcceptDamage(AcceptDamage { exam: exam.to_owned(), pages: pages.clone(), reason });
    let executed = store.execute(&command, actor, at)?;
    Ok(Accepted { pages, line: executed.line })
}
