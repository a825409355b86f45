//! Whether the services faits and the presences reconcile (DOMAIN, *IMAG'IN*).
//!
//! Every candidate who came has a script that counts for a marker, or is said to have no mark, or waits for
//! its batch to be locked. Whoever is none of these is named.

use serde::{Deserialize, Serialize};

use super::Kind;
use super::tally::{Tally, Whose};
use crate::model::ArchivedScript;

/// The counts that must reconcile: `present` is the sum of all others but `marked` and `strangers`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reconciliation {
    /// Candidates who came.
    pub present: u64,
    /// Those of them with a final mark.
    pub marked: u64,
    /// Those whose script counts for a marker's service.
    pub counted: u64,
    /// Those whose marker said that there is no mark.
    pub without_mark: u64,
    /// Those whose script waits for a batch, or its batch for being locked, or is forgotten in a locked one.
    pub waiting: u64,
    /// Those by whom services and presences differ.
    pub differing: u64,
    /// Candidates who did not come, and whose script counts for a marker all the same.
    pub strangers: u64,
}

/// Where a script stands with its marker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// It has no batch.
    Unbatched,
    /// Its batch is not locked.
    Open,
    /// Its batch is locked, so that it counts for the batch's marker.
    Locked,
}

impl Reconciliation {
    /// Takes in the counts of others.
    pub(super) fn absorb(&mut self, other: Reconciliation) {
        let Reconciliation { present, marked, counted, without_mark, waiting, differing, strangers } = other;
        self.present += present;
        self.marked += marked;
        self.counted += counted;
        self.without_mark += without_mark;
        self.waiting += waiting;
        self.differing += differing;
        self.strangers += strangers;
    }

    /// Takes a candidate down, and says when he does not reconcile.
    pub(super) fn add(
        &mut self,
        candidate: &str,
        present: bool,
        script: Option<(&ArchivedScript, Standing)>,
        tally: &mut Tally,
    ) {
        let whose = script.map_or(Whose { batch: None, candidate }, |(script, _)| Whose::of(script));
        let mut told = |why: &'static str| tally.push(Kind::Services, whose, None, || why.to_owned());
        if !present {
            if let Some((script, Standing::Locked)) = script
                && script.marker_mark.is_some()
            {
                self.strangers += 1;
                told("did not come, and has a script that counts for a marker");
            }
            return;
        }
        self.present += 1;
        let Some((script, standing)) = script else {
            self.differing += 1;
            told("came, and has no script");
            return;
        };
        let marked = script.final_mark().is_some();
        self.marked += u64::from(marked);
        match standing {
            Standing::Unbatched if marked => {
                self.differing += 1;
                told("has a mark and is in no batch, so counts for no marker");
            }
            Standing::Unbatched | Standing::Open => self.waiting += 1,
            Standing::Locked if script.marker_mark.is_some() => self.counted += 1,
            Standing::Locked if marked => {
                self.differing += 1;
                told("has a final mark that no marker gave, so counts for no marker");
            }
            Standing::Locked if script.marked => self.without_mark += 1,
            Standing::Locked => self.waiting += 1,
        }
    }
}
