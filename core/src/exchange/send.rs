//! Sending an export: asked first when it is not new, then chunks, then the commit.

use std::cell::Cell;
use std::io;

use super::adapter::{Adapter, Committed, ExportName, Fault, HeldState, Whole};
use super::patience::Patience;
use super::rows::Chunks;

/// How sending ended.
#[derive(Debug)]
pub enum Sending {
    /// It counts.
    Committed(Committed),
    /// Nothing of it counts, and nothing will: the fault says why.
    Failed(Fault),
    /// It may count or not: the answer was lost and asking did not help.
    Unknown(Fault),
}

/// Sends an export through an adapter, or goes on with one.
///
/// `resumed` says that it may have been sent before: then the target is asked what it holds, and only
/// the rest is sent. An export that is committed already is found so, also after publication.
///
/// # Errors
/// When the rows, as they are kept, cannot be read; nothing was committed then.
pub fn send(
    adapter: &dyn Adapter,
    export: &ExportName,
    whole: &Whole,
    chunks: &Chunks<'_>,
    resumed: bool,
    patience: &mut Patience<'_>,
) -> io::Result<Sending> {
    let mut ask = resumed;
    // Whether a commit may be on its way still: one of an earlier life, or one without an answer.
    let mut maybe = resumed;
    // Once more when the target holds other rows than were sent; a second time there is no help.
    for last in [false, true] {
        let mut held = Vec::new();
        if ask {
            match patience.try_for(|| adapter.held(export)) {
                Ok(answer) => match answer.state {
                    HeldState::Committed(committed) => return Ok(Sending::Committed(committed)),
                    HeldState::Superseded => return Ok(Sending::Failed(Fault::TooLate)),
                    HeldState::Unheard | HeldState::Open => held = answer.chunks,
                },
                Err(fault) if maybe => return Ok(Sending::Unknown(fault)),
                Err(fault) => return Ok(Sending::Failed(fault)),
            }
        }
        // What it holds is trusted once; the commit's digest proves it.
        let missing = (1..=chunks.count()).filter(|number| last || !held.contains(number));
        for number in missing {
            fail::fail_point!("send-before-chunk");
            let body = chunks.body(number)?;
            match patience.try_for(|| adapter.put_chunk(export, number, &body)) {
                Ok(()) => {}
                // Of an export that was committed under way (an earlier commit arrived late), chunks are
                // refused: asking tells.
                Err(fault @ Fault::TooLate) => return Ok(asked(adapter, export, patience, fault)),
                // A target that refuses chunks for good refuses them at every launch: if it does not hold the
                // export now, it has failed, and the next launch may send other rows.
                Err(fault @ (Fault::Final { .. } | Fault::Mismatch)) if maybe => {
                    return Ok(asked(adapter, export, patience, fault));
                }
                Err(fault) if maybe => return Ok(Sending::Unknown(fault)),
                // It was never asked to make it count.
                Err(fault) => return Ok(Sending::Failed(fault)),
            }
            fail::fail_point!("send-after-chunk");
        }
        fail::fail_point!("send-before-commit", |_| Err(io::ErrorKind::Interrupted.into()));
        let unanswered = Cell::new(false);
        let committed = patience.try_for(|| {
            let answer = adapter.commit(export, whole);
            unanswered.set(unanswered.get() || matches!(answer, Err(Fault::Passing { .. })));
            answer
        });
        fail::fail_point!("send-after-commit");
        maybe |= unanswered.get();
        match committed {
            Ok(committed) => return Ok(Sending::Committed(committed)),
            Err(Fault::Mismatch) if !last => ask = true,
            Err(fault @ (Fault::TooLate | Fault::Mismatch)) => {
                return Ok(asked(adapter, export, patience, fault));
            }
            Err(fault @ Fault::Passing { .. }) => return Ok(Sending::Unknown(fault)),
            // A refusal answers this request; the one before it, unanswered, may still arrive.
            Err(fault @ Fault::Final { .. }) => {
                return Ok(match asked(adapter, export, patience, fault) {
                    Sending::Failed(fault) if unanswered.get() => Sending::Unknown(fault),
                    sending => sending,
                });
            }
        }
    }
    Ok(Sending::Failed(Fault::Mismatch))
}

/// What a refused request means: the target is asked whether an earlier one counted.
fn asked(adapter: &dyn Adapter, export: &ExportName, patience: &mut Patience<'_>, fault: Fault) -> Sending {
    match patience.try_for(|| adapter.held(export)) {
        Ok(held) => match held.state {
            HeldState::Committed(committed) => Sending::Committed(committed),
            HeldState::Unheard | HeldState::Open | HeldState::Superseded => Sending::Failed(fault),
        },
        // Who refuses the question as well as the request never heard of it.
        Err(Fault::Final { .. }) if matches!(fault, Fault::Final { .. }) => Sending::Failed(fault),
        Err(_) => Sending::Unknown(fault),
    }
}
