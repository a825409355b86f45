//! Copies that are taken away: one PDF, all of them as one ZIP, from any byte.

use std::fs::File;
use std::io::{self, Seek as _, Write};
use std::ops::Range;
use std::sync::Arc;

use copiste_core::bulk::{Archive, OneCopy, PlanRequest, PourError, Selection};
use copiste_core::journal::{Role, Timestamp, hex, parse_instant};

use super::app::App;
use super::pictures::unseen;
use crate::front::Outgoing;
use crate::http::answer::{Answer, Body};
use crate::http::call::{Call, escaped};
use crate::http::problem::Problem;
use crate::http::ranges::Asked;
use crate::http::routes::Found;
use crate::metrics;
use crate::people::{Access, What, Who};
use crate::profile::{Fixed, LeftOut, profile};

/// `GET /api/v1/exams/{exam}/scripts.zip?school=&without=&since=&until=`.
pub(crate) fn zip(app: &Arc<App>, call: &Call, found: &Found) -> Result<Answer, Problem> {
    let who = found.who()?;
    let view = app.exam_of(who, found.parameter("exam"))?;
    let asked = call.parameter("school").map(str::to_owned);
    let school = match who.role() {
        Role::School(own) if asked.as_ref().is_some_and(|asked| *asked != own) => {
            return Err(Problem::not_found());
        }
        Role::School(own) => Some(own),
        _ => asked,
    };
    let since = call.parameter("since").map(instant_of).transpose()?;
    let until = call.parameter("until").map(instant_of).transpose()?;
    let selection = Selection { school: school.clone(), candidates: Vec::new(), since, until };
    let profile = profile(&view, left_out(call)?).map_err(|error| fixed(&error))?;
    let archive = app.archives.get(app, &view, PlanRequest { selection, profile })?;
    let tag = hex::encode(&archive.etag());
    let name = match &school {
        Some(uai) => format!("{}-{uai}.zip", view.id()),
        None => format!("{}.zip", view.id()),
    };
    let access = Access {
        exam: Some(view.id().to_owned()),
        school,
        // Only the whole of it, from the first moment on, is a download to go on from.
        until: until.filter(|_| since.is_none()),
        ..taken(What::Zip, app, call, who)
    };
    let length = archive.length();
    Ok(ranged(
        app,
        call,
        Taken { source: Source::Archive(archive), length, access },
        &tag,
        "application/zip",
        attachment(&name),
    ))
}

/// `GET /api/v1/scripts/{script}.pdf?without=`.
pub(crate) fn pdf(app: &Arc<App>, call: &Call, found: &Found) -> Result<Answer, Problem> {
    let who = found.who()?;
    let id = found.parameter("script");
    let seen = app.script_of(who, id)?;
    let profile = profile(&seen.view, left_out(call)?).map_err(|error| fixed(&error))?;
    let copy = OneCopy::at(&seen.view, &app.press, seen.place, profile);
    let copy = copy.map_err(|error| unseen(&error))?;
    let access = Access {
        exam: Some(seen.view.id().to_owned()),
        script: Some(id.to_owned()),
        ..taken(What::Pdf, app, call, who)
    };
    let (length, tag, name) = (copy.length(), hex::encode(&copy.etag()), copy.file_name().to_owned());
    Ok(ranged(
        app,
        call,
        Taken { source: Source::Copy(Box::new(copy)), length, access },
        &tag,
        "application/pdf",
        attachment(&name),
    ))
}

/// A list of candidates that was put aside in a file, for `whom`.
pub(crate) fn list(
    app: &Arc<App>,
    call: &Call,
    whom: &Who,
    exam: &str,
    file: File,
    name: &str,
) -> Result<Answer, Problem> {
    let length = file.metadata().map_err(|error| Problem::internal(&format!("HTT-136 {error}")))?.len();
    let access = Access { exam: Some(exam.to_owned()), ..taken(What::List, app, call, whom) };
    let taken = Taken { source: Source::File(file), length, access };
    Ok(taken
        .sent(app, 0..length, 200, "text/csv; charset=utf-8")
        .with("Content-Disposition", attachment(name)))
}

/// What is taken away, and the line about it in the access log.
pub(super) struct Taken {
    pub(super) source: Source,
    pub(super) length: u64,
    pub(super) access: Access,
}

pub(super) enum Source {
    Archive(Arc<Archive>),
    Copy(Box<OneCopy>),
    File(File),
    Bytes(Vec<u8>),
}

impl Taken {
    /// On its way: these of its bytes, written down once they are sent.
    pub(super) fn sent(self, app: &Arc<App>, range: Range<u64>, status: u16, kind: &str) -> Answer {
        Answer::outgoing(status, kind, Box::new(Sending { app: Arc::clone(app), taken: self, range }))
    }
}

/// The answer to whoever asks for all of something or for some of its bytes.
pub(super) fn ranged(
    app: &Arc<App>,
    call: &Call,
    taken: Taken,
    tag: &str,
    kind: &str,
    disposition: String,
) -> Answer {
    let (tag, length) = (format!("\"{tag}\""), taken.length);
    let (status, range) = match Asked::of(call, length, &tag) {
        Asked::Whole => (200, 0..length),
        Asked::Part(range) => (206, range),
        Asked::Beyond => {
            let what = format!("there are {length} bytes, and none of those asked for");
            let problem = Problem::new(416, "HTT-145", "No such bytes", what);
            return Answer::problem(&problem).with("Content-Range", format!("bytes */{length}"));
        }
        Asked::Unchanged => return Answer::empty(304).with("ETag", tag),
    };
    let part = (status == 206).then(|| format!("bytes {}-{}/{length}", range.start, range.end - 1));
    let mut answer = taken
        .sent(app, range, status, kind)
        .with("ETag", tag)
        .with("Accept-Ranges", "bytes")
        // Personal, and to be asked for again each time; the tag says whether it is the same still.
        .with("Cache-Control", "private, no-cache")
        .with("Content-Disposition", disposition);
    if let Some(part) = part {
        answer = answer.with("Content-Range", part);
    }
    answer
}

/// A body on its way.
struct Sending {
    app: Arc<App>,
    taken: Taken,
    range: Range<u64>,
}

impl Outgoing for Sending {
    fn length(&self) -> u64 {
        self.range.end - self.range.start
    }

    fn pour(&mut self, out: &mut dyn Write) -> io::Result<()> {
        let poured = match &mut self.taken.source {
            Source::Archive(archive) => archive.pour(self.range.clone(), out),
            Source::Copy(copy) => copy.pour(self.range.clone(), out),
            Source::File(file) => {
                file.rewind()?;
                return io::copy(file, out).map(drop);
            }
            Source::Bytes(bytes) => return out.write_all(bytes),
        };
        if let Err(PourError::Copy(_) | PourError::List(_)) = &poured
            && let Some(exam) = &self.taken.access.exam
        {
            // What it was planned to be does not hold any more: the next reader's is planned anew.
            self.app.archives.forget(exam);
        }
        poured.map_err(io::Error::other)
    }

    fn ended(&mut self, bytes: u64, whole: bool) {
        let what = match self.taken.source {
            Source::Archive(_) => "zip",
            Source::Copy(_) => "pdf",
            Source::File(_) => "list",
            Source::Bytes(_) => "page",
        };
        metrics::download(what, bytes, whole);
        let mut access = self.taken.access.clone();
        access.at = (self.app.now)();
        access.bytes = bytes;
        // Whoever went on from somewhere has the whole once its last byte is there.
        access.whole = whole && self.range.end == self.taken.length;
        if let Err(error) = self.app.people.access.append(&access) {
            tracing::error!(%error, "a download is missing in the access log");
        }
    }
}

/// Writes down that somebody has looked at a page of a copy, as the page of the viewer showed it.
pub(crate) fn looked_at(
    app: &App,
    call: &Call,
    who: &Who,
    exam: &str,
    script: &str,
    page: u32,
    answer: &Answer,
) {
    let bytes = match &answer.body {
        Body::Bytes(bytes) if !call.is_head() => bytes.len() as u64,
        _ => return,
    };
    let looked = Access {
        exam: Some(exam.to_owned()),
        script: Some(script.to_owned()),
        page: Some(page),
        bytes,
        whole: true,
        ..taken(What::View, app, call, who)
    };
    if let Err(error) = app.people.access.append(&looked) {
        tracing::error!(%error, "a look at a copy is missing in the access log");
    }
}

/// The beginning of a line in the access log.
pub(super) fn taken(what: What, app: &App, call: &Call, who: &Who) -> Access {
    Access {
        at: (app.now)(),
        account: who.account.id,
        role: who.role(),
        scope: who.scope().map(str::to_owned),
        what,
        exam: None,
        script: None,
        page: None,
        school: None,
        until: None,
        bytes: 0,
        whole: false,
        request: call.id.clone(),
    }
}

/// `attachment` with a file name: in ASCII for old programs, in full for the others (RFC 6266, RFC 8187).
fn attachment(name: &str) -> String {
    let plain: String = name
        .chars()
        .map(|letter| if letter.is_ascii_graphic() && !"\"\\%;".contains(letter) { letter } else { '_' })
        .collect();
    let full = escaped(name);
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{full}")
}

fn left_out(call: &Call) -> Result<LeftOut, Problem> {
    LeftOut::parse(call.parameter("without").unwrap_or("")).map_err(|word| {
        Problem::bad_request("HTT-146", format!("nothing called {word:?} can be left out of a copy"))
    })
}

/// An E3C's copies are always whole.
pub(crate) fn fixed(error: &Fixed) -> Problem {
    Problem::unprocessable(error)
}

/// A moment as programs write it.
pub(crate) fn instant_of(text: &str) -> Result<Timestamp, Problem> {
    let what = || format!("{text:?} is not an instant in UTC such as 2026-01-31T12:00:00Z");
    parse_instant(text).ok_or_else(|| Problem::bad_request("HTT-147", what()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_goes_into_a_header_whatever_it_is() {
        assert_eq!(
            attachment("PÉREZ_Zoé \"1\".pdf"),
            "attachment; filename=\"P_REZ_Zo___1_.pdf\"; filename*=UTF-8''P%C3%89REZ_Zo%C3%A9%20%221%22.pdf"
        );
    }
}
