//! Launches, what targets answered, publication.

use super::transmit::transmitted;
use super::{Bench, Place, Prepared, exam_of, not_purged};
use crate::journal::{Answer, Launch, Publish, Sent, Target};
use crate::model::ExamKind;
use crate::store::record::{ATTEMPTS_KEPT, Attempt, Export, Record, Standing};
use crate::store::refusal::Refusal;
use crate::store::tables::{export_key, read};
use crate::store::view::exports;
use crate::store::{ExecuteError, StoreError};

/// What will be sent is kept first. One export a target at a time, none after publication.
pub(super) fn prepare_launch(
    bench: &Bench<'_>,
    command: &Launch,
    place: Place<'_>,
) -> Result<Prepared, ExecuteError> {
    let exam = &command.exam;
    let mut entry = exam_of(bench, exam)?;
    not_purged(&entry)?;
    if entry.life.published_at.is_some() {
        return Err(Refusal::Published { exam: exam.clone() }.into());
    }
    let before = exports(bench.tables, exam)?;
    let mut records = Vec::new();
    for prepared in &command.exports {
        let target = prepared.target;
        let last = before.iter().rev().find(|export| export.target == target);
        if let Some(last) = last.filter(|last| last.standing() == Standing::Unsettled) {
            return Err(Refusal::Unsettled { exam: exam.clone(), target, number: last.number }.into());
        }
        let number = last.map_or(1, |last| last.number + 1);
        let twice = command.exports.iter().filter(|other| other.target == target).count() > 1;
        if number != prepared.number || twice {
            return Err(ExecuteError::Contradiction {
                exam: exam.clone(),
                detail: format!("export {} to {} does not follow", prepared.number, target.name()),
            });
        }
        let export = Export {
            target,
            number,
            at: place.at,
            line: place.line,
            author: place.actor.name.clone(),
            count: prepared.count,
            rows: prepared.rows,
            chunks: prepared.chunks.clone(),
            earlier_attempts: 0,
            attempts: Vec::new(),
        };
        records.push(kept(exam, &export)?);
    }
    entry.counts.exports += records.len() as u64;
    entry.line = place.line;
    Ok(Prepared { changes: !records.is_empty(), exports: records, ..Prepared::of(entry) })
}

/// What a target answered, if anything. A closing is done when Cyclades has accepted the whole; an
/// E3C transmits exactly the scripts whose rows were accepted.
pub(super) fn prepare_sent(
    bench: &Bench<'_>,
    command: &Sent,
    place: Place<'_>,
) -> Result<Prepared, ExecuteError> {
    let Sent { exam, target, number, .. } = command;
    let (target, number) = (*target, *number);
    let mut entry = exam_of(bench, exam)?;
    let what = || format!("export {number} of exam {exam} to {}", target.name());
    let found = read::<Export>(&bench.tables.exports, export_key(exam, target, number), what)?;
    let not_awaited = || Refusal::NotAwaited { exam: exam.clone(), target, number };
    let mut export = found.ok_or_else(not_awaited)?.value().map_err(StoreError::record(what()))?;
    if export.standing() != Standing::Unsettled {
        return Err(not_awaited().into());
    }
    if export.attempts.len() >= ATTEMPTS_KEPT {
        export.attempts.remove(0);
        export.earlier_attempts += 1;
    }
    export.attempts.push(Attempt {
        at: place.at,
        line: place.line,
        author: place.actor.name.clone(),
        requests: command.requests,
        took_ms: command.took_ms,
        outcome: (&command.answer).into(),
    });
    let mut moments = Vec::new();
    if let Answer::Committed { rejected, list, .. } = &command.answer
        && target == Target::Cyclades
    {
        match entry.exam.kind {
            ExamKind::OneOff if *rejected == 0 => {
                entry.life.closed_at.get_or_insert(place.at);
            }
            ExamKind::OneOff => {}
            ExamKind::CommonAssessment => {
                let adding = transmitted(bench, &entry, &export, list.as_ref(), place.at)?;
                entry.counts.transmitted += adding.added;
                if entry.counts.transmitted > 0 {
                    entry.life.download_since.get_or_insert(place.at);
                }
                moments = adding.written()?;
            }
        }
    }
    entry.line = place.line;
    Ok(Prepared { exports: vec![kept(exam, &export)?], moments, ..Prepared::of(entry) })
}

/// Cyclades has published, or a person says so. Said twice, it is said once; what Cyclades says takes
/// the place of what a person said.
pub(super) fn prepare_publish(
    bench: &Bench<'_>,
    command: &Publish,
    place: Place<'_>,
) -> Result<Prepared, ExecuteError> {
    let mut entry = exam_of(bench, &command.exam)?;
    let life = &mut entry.life;
    let same = life.published_at == Some(command.published_at);
    if !same && life.published_at.is_some() && (command.by_hand || !life.published_by_hand) {
        return Err(Refusal::PublishedBefore { exam: command.exam.clone() }.into());
    }
    let changes = !same || (life.published_by_hand && !command.by_hand);
    if changes {
        life.published_at = Some(command.published_at);
        life.published_by_hand = command.by_hand;
        entry.line = place.line;
    }
    Ok(Prepared { changes, ..Prepared::of(entry) })
}

fn kept(exam: &str, export: &Export) -> Result<(Vec<u8>, sled::IVec), StoreError> {
    let what = || format!("export {} of exam {exam} to {}", export.number, export.target.name());
    let record = Record::of(export).map_err(StoreError::record(what()))?;
    Ok((export_key(exam, export.target, export.number), record.envelope().clone()))
}
