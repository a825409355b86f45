//! Acts on settings, batches and marks, and publication said by hand.

use std::collections::BTreeMap;

use anyhow::{Context, bail};
use copiste_core::journal::{MarkChange, Role, Setting, parse_instant};
use copiste_core::model::{ArchivedSettings, Hundredths};
use copiste_core::process::acts::By;
use copiste_core::store::Executed;

use super::Ending;
use super::args::{Batches, Harmonise, Mark, Publish, SettingsArgs};
use super::caller::Caller;
use super::output::Output;
use super::session::{self, Session};
use crate::shown;

pub(super) fn by(session: &Session) -> By<'_> {
    By { store: &session.store, actor: &session.actor, at: session::now() }
}

/// What was done, and in which line of the journal.
pub(super) fn done(what: &str, executed: Executed, output: &mut Output) -> anyhow::Result<Ending> {
    match executed.line {
        Some(line) => output.line(format!("{what}, journal line {line}"))?,
        None => output.line(format!("{what}: so already, nothing was changed"))?,
    }
    Ok(Ending::Done)
}

pub(super) fn settings(typed: &SettingsArgs, caller: &Caller, output: &mut Output) -> anyhow::Result<Ending> {
    let session = Session::open(&typed.data, Role::ExamOfficeManager, false, caller)?;
    session::exam(&session.store, &typed.exam)?;
    let mut values = BTreeMap::new();
    for text in &typed.values {
        let Some((name, value)) = text.split_once('=') else {
            bail!("CLI-015 {text:?} is not NAME=VALUE; nothing was changed");
        };
        let value = match value {
            "true" | "OUI" | "oui" => Setting::Flag(true),
            "false" | "NON" | "non" => Setting::Flag(false),
            other => other.parse().map_or_else(|_| Setting::Word(other.to_owned()), Setting::Count),
        };
        if values.insert(name.to_owned(), value).is_some() {
            bail!("CLI-016 {name} is given twice; nothing was changed");
        }
    }
    let executed = match values.is_empty() {
        true => None,
        false => Some(by(&session).change_settings(&typed.exam, values)?),
    };
    let view = session::exam(&session.store, &typed.exam)?;
    if typed.json {
        output.json(&shown::settings(&view.exam().settings))?;
    } else {
        for (name, value, meaning) in listing(&view.exam().settings) {
            output.line(format!("{name} = {value}   # {meaning}"))?;
        }
        if executed.is_some_and(|executed| executed.line.is_some()) {
            let published = view.life().published_at.is_some();
            output.line(if published {
                "PDFs made from now on follow these settings, earlier ones are outdated; nothing is sent after publication"
            } else {
                "PDFs made from now on follow these settings, earlier ones are outdated; so do the rows of the next launch"
            })?;
        }
    }
    Ok(Ending::Done)
}

/// Name, value, meaning of each setting.
fn listing(settings: &ArchivedSettings) -> Vec<(&'static str, String, &'static str)> {
    let flag = |value: bool| value.to_string();
    vec![
        (
            "subject_commitment",
            flag(settings.subject_commitment),
            "Numérisation: engagement en matière; no effect",
        ),
        (
            "question_count",
            settings.question_count.to_string(),
            "Distribution: nombre de questions; no effect",
        ),
        ("mark_kind", settings.mark_kind.to_string(), "Correction: type de note; no effect"),
        ("export_appreciation", flag(settings.export_appreciation), "Clôture: appreciations go to Cyclades"),
        (
            "export_missing_marks",
            flag(settings.export_missing_marks),
            "Clôture: candidates without a mark go as missing",
        ),
        ("export_absences", flag(settings.export_absences), "Clôture: absent candidates go to Cyclades"),
        ("render_annotations", flag(settings.render_annotations), "PDF: with annotations"),
        ("render_appreciation", flag(settings.render_appreciation), "PDF: with the appreciation"),
        ("render_marking_details", flag(settings.render_marking_details), "PDF: with marking details"),
    ]
}

pub(super) fn lock(typed: &Batches, caller: &Caller, output: &mut Output) -> anyhow::Result<Ending> {
    let session = Session::open(&typed.data, Role::ExamOfficeManager, false, caller)?;
    let executed = by(&session).lock(&typed.exam, &typed.batch)?;
    done(&format!("locked: {}", typed.batch.join(", ")), executed, output)
}

pub(super) fn unlock(typed: &Batches, caller: &Caller, output: &mut Output) -> anyhow::Result<Ending> {
    let session = Session::open(&typed.data, Role::ExamOfficeManager, false, caller)?;
    let executed = by(&session).unlock(&typed.exam, &typed.batch)?;
    done(&format!("unlocked: {}", typed.batch.join(", ")), executed, output)
}

pub(super) fn harmonise(typed: &Harmonise, caller: &Caller, output: &mut Output) -> anyhow::Result<Ending> {
    let session = Session::open(&typed.data, Role::AcademicCoordinator, false, caller)?;
    let batch = typed.batch.clone();
    let (change, what) = match (&typed.by, &typed.candidate, &typed.mark) {
        (Some(by), ..) => {
            let what = format!("batch {batch} moved by {by} from the marker's marks");
            (MarkChange::Batch { batch, by: hundredths(by)? }, what)
        }
        (None, Some(candidate), Some(mark)) => {
            let (candidate, what) = (candidate.clone(), format!("candidate {candidate}: {mark}"));
            (MarkChange::Candidate { batch, candidate, mark: hundredths(mark)? }, what)
        }
        _ => bail!("CLI-017 --by, or --candidate and --mark, are needed; nothing was changed"),
    };
    let executed = by(&session).change_marks(&typed.exam, change, &typed.reason)?;
    done(&what, executed, output)
}

pub(super) fn mark(typed: &Mark, caller: &Caller, output: &mut Output) -> anyhow::Result<Ending> {
    let session = Session::open(&typed.data, Role::ExamOfficeManager, false, caller)?;
    let candidate = typed.candidate.clone();
    let change = MarkChange::Correction { candidate, mark: hundredths(&typed.mark)? };
    let executed = by(&session).change_marks(&typed.exam, change, &typed.reason)?;
    done(&format!("candidate {}: final mark {}", typed.candidate, typed.mark), executed, output)?;
    if executed.line.is_some() {
        output.line("earlier PDFs of this copy are outdated; the next launch sends the mark (`copiste close --again`)")?;
    }
    Ok(Ending::Done)
}

fn hundredths(text: &str) -> anyhow::Result<i32> {
    // French people write a comma.
    let Hundredths(value) = Hundredths::parse(&text.replace(',', "."))
        .with_context(|| format!("CLI-018 {text:?} is not a mark such as 12.5; nothing was changed"))?;
    Ok(value)
}

pub(super) fn publish(typed: &Publish, caller: &Caller, output: &mut Output) -> anyhow::Result<Ending> {
    let session = Session::open(&typed.data, Role::ExamOfficeManager, false, caller)?;
    let instant = if typed.at.contains('T') { typed.at.clone() } else { format!("{}T00:00:00Z", typed.at) };
    let at = parse_instant(&instant).with_context(|| {
        format!(
            "CLI-019 {:?} is neither a day such as 2026-07-05 nor an instant such as 2026-07-05T08:00:00Z",
            typed.at
        )
    })?;
    let executed = by(&session).publish(&typed.exam, at)?;
    done(&format!("exam {} published on {instant}", typed.exam), executed, output)
}
