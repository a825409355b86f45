//! The exam's record in schema version 1, frozen: before copies could be held or purged.

use rkyv::rancor::Error;
use rkyv::{Archive, Deserialize, Serialize};

use super::{ExamEntry, Kept, Life, RecordFault};
use crate::journal::Counts;
use crate::model::Exam;

#[derive(Archive, Serialize, Deserialize)]
struct Entry {
    exam: Exam,
    generation: u32,
    counts: Counted,
    bundle: [u8; 32],
    command: [u8; 32],
    import_line: u64,
    line: u64,
    life: Lived,
}

#[derive(Archive, Serialize, Deserialize)]
struct Counted {
    schools: u64,
    markers: u64,
    batches: u64,
    candidates: u64,
    scripts: u64,
    pages: u64,
    exports: u64,
}

#[derive(Archive, Serialize, Deserialize)]
struct Lived {
    settings_by_hand: bool,
    closed_at: Option<i64>,
    published_at: Option<i64>,
    published_by_hand: bool,
    download_since: Option<i64>,
}

/// Reads the archived bytes and brings them to the present shape.
pub(super) fn read(archived: &[u8]) -> Result<ExamEntry, RecordFault> {
    let invalid = |_| RecordFault::Invalid { kind: ExamEntry::KIND };
    let archived = rkyv::access::<ArchivedEntry, Error>(archived).map_err(invalid)?;
    let entry = rkyv::deserialize::<Entry, Error>(archived).map_err(invalid)?;
    let Entry { exam, generation, counts, bundle, command, import_line, line, life } = entry;
    let Counted { schools, markers, batches, candidates, scripts, pages, exports } = counts;
    let Lived { settings_by_hand, closed_at, published_at, published_by_hand, download_since } = life;
    Ok(ExamEntry {
        exam,
        generation,
        counts: Counts { schools, markers, batches, candidates, scripts, pages, exports, holds: 0 },
        bundle,
        command,
        import_line,
        line,
        life: Life {
            settings_by_hand,
            closed_at,
            published_at,
            published_by_hand,
            download_since,
            purged: None,
        },
    })
}
