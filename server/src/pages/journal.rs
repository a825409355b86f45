//! *Journal*: every act on an exam, on one copy of it, or on accounts; who, when, in which role, why.

use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use copiste_core::journal::{Actor, Command, Line, Role, hex, instant};
use copiste_core::store::ExamView;

use super::acts_told::{Told, told};
use super::frame::{ExamHead, Frame, page};
use super::words;
use crate::api::app::App;
use crate::http::answer::Answer;
use crate::http::call::{Call, escaped};
use crate::http::problem::Problem;
use crate::http::routes::Found;

/// Lines of a page.
const LINES: usize = 100;

#[derive(Template)]
#[template(path = "journal.html")]
struct JournalPage {
    frame: Frame,
    /// None for the journal of accounts.
    exam: Option<ExamHead>,
    /// The candidate whose copy it is about; all of them when it is empty.
    candidate: String,
    lines: Vec<LineShown>,
    older: Option<String>,
}

struct LineShown {
    number: u64,
    at: String,
    who: String,
    role: String,
    what: Told,
}

/// `GET /epreuves/{exam}/journal?candidat=&avant=`.
pub(crate) fn show(app: &Arc<App>, call: &Call, found: &Found) -> Result<Answer, Problem> {
    let view = app.exam_of(found.who()?, found.parameter("exam"))?;
    let candidate = call.parameter("candidat").unwrap_or("").trim().to_owned();
    let batch = match view.script(&candidate)? {
        Some(script) => script.get().batch.as_ref().map(ToString::to_string),
        None => None,
    };
    let wanted = |line: &Line| {
        line.command.exam() == Some(view.id())
            && (candidate.is_empty() || touches(&line.command, &candidate, batch.as_deref()))
    };
    let link = format!("/epreuves/{}/journal?candidat={}", view.id(), escaped(&candidate));
    shown(app, call, found, Some(&view), &candidate, wanted, &link)
}

/// `GET /journal?avant=`: accounts and tokens.
pub(crate) fn show_accounts(app: &Arc<App>, call: &Call, found: &Found) -> Result<Answer, Problem> {
    shown(app, call, found, None, "", |line| line.command.exam().is_none(), "/journal?")
}

fn shown(
    app: &App,
    call: &Call,
    found: &Found,
    view: Option<&ExamView>,
    candidate: &str,
    wanted: impl Fn(&Line) -> bool,
    link: &str,
) -> Result<Answer, Problem> {
    let before = call.parameter("avant").map(str::parse).transpose();
    let before =
        before.map_err(|_| Problem::bad_request("HTT-172", "avant is the number of a line".to_owned()))?;
    let history = app.store.history(before, LINES, wanted).map_err(|error| Problem::internal(&error))?;
    let names = names(app)?;
    let mut lines = Vec::new();
    for line in &history.lines {
        let (who, role) = actor(&line.actor, &names);
        lines.push(LineShown {
            number: line.number,
            at: words::moment(&instant(line.at)),
            who,
            role,
            what: told(app, &line.command, &names)?,
        });
    }
    let last = history.lines.last().filter(|_| history.older);
    let page_shown = JournalPage {
        frame: Frame::of(app, found, "journal"),
        exam: view.map(ExamHead::of),
        candidate: candidate.to_owned(),
        older: last.map(|line| format!("{link}&avant={}", line.number)),
        lines,
    };
    page(200, &page_shown)
}

/// What accounts are called, closed ones too, by the id that the journal has.
pub(super) fn names(app: &App) -> Result<BTreeMap<String, String>, Problem> {
    let accounts = app.store.accounts()?.into_iter();
    Ok(accounts.map(|account| (hex::encode(&account.id), account.display_name)).collect())
}

fn actor(actor: &Actor, names: &BTreeMap<String, String>) -> (String, String) {
    let who = match (names.get(&actor.name), actor.name.as_str()) {
        (Some(name), _) => name.clone(),
        (None, "operator") => "ligne de commande".to_owned(),
        (None, other) => other.to_owned(),
    };
    let role = if actor.role == Role::System { String::new() } else { words::role(&actor.role) };
    (who, role)
}

/// Whether an act has to do with one copy: it names its candidate or its batch, or was about all of them.
fn touches(command: &Command, candidate: &str, batch: Option<&str>) -> bool {
    use copiste_core::journal::MarkChange;
    match command {
        Command::AcceptDamage(done) => done.pages.iter().any(|page| page.candidate == candidate),
        Command::FoundDamage(found) => found.items.iter().any(|item| item.candidate == candidate),
        Command::HoldCopy(hold) => hold.candidate == candidate,
        Command::MoveBatches(moved) => moved.batches.iter().any(|moved| Some(moved.as_str()) == batch),
        Command::ChangeMarks(marks) => match &marks.change {
            MarkChange::Batch { batch: changed, .. } => Some(changed.as_str()) == batch,
            MarkChange::Candidate { candidate: changed, .. }
            | MarkChange::Correction { candidate: changed, .. } => changed == candidate,
        },
        Command::Import(_)
        | Command::ChangeSettings(_)
        | Command::Launch(_)
        | Command::Sent(_)
        | Command::Publish(_)
        | Command::PurgeExam(_) => true,
        Command::PutAccount(_) | Command::PutToken(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use copiste_core::journal::{BatchMove, ChangeMarks, MarkChange, MoveBatches};
    use copiste_core::model::BlobRef;

    use super::*;

    #[test]
    fn the_story_of_a_copy_has_its_own_acts_and_its_batches_and_no_others() {
        let exam = "E1".to_owned();
        let reason = BlobRef { sha256: [0; 32], length: 0, crc32: 0 };
        let marks = |change| Command::ChangeMarks(ChangeMarks { exam: exam.clone(), change, reason });
        let moved = |batch: &str| {
            let batches = vec![batch.to_owned()];
            Command::MoveBatches(MoveBatches { exam: exam.clone(), to: BatchMove::Lock, batches })
        };
        let own = |candidate: &str| MarkChange::Correction { candidate: candidate.to_owned(), mark: 1_000 };
        let batch = |batch: &str| MarkChange::Batch { batch: batch.to_owned(), by: 50 };
        for (command, expected) in [
            (marks(own("0001")), true),
            (marks(own("0002")), false),
            (marks(batch("L001")), true),
            (marks(batch("L002")), false),
            (moved("L001"), true),
            (moved("L002"), false),
        ] {
            assert_eq!(touches(&command, "0001", Some("L001")), expected, "{command:?}");
        }
    }
}
