//! `manifest.json`: the exam.

use super::json::{Json, parse};
use super::reading::{Bounds, Fields, Path, Reading, text};
use crate::intake::fault::{Code, Findings};
use crate::intake::source::MANIFEST;
use crate::model::{Exam, ExamKind, HarmonisationMode, Hundredths, Settings};

/// Reads the manifest's bytes. None when a fault was noted.
pub fn manifest(bytes: &[u8], findings: &mut Findings) -> Option<Exam> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let before = findings.faults.count;
    let mut reading = Reading::new(findings, MANIFEST, 1);
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            reading.at_line(line_of(bytes, error.valid_up_to()));
            reading.note(Code::NotUtf8, &Path::Root, "the text is not UTF-8");
            return None;
        }
    };
    let json = match parse(text) {
        Ok(json) => json,
        Err(flaw) => {
            let start = text.get(..flaw.at).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
            reading.at_line(line_of(bytes, flaw.at));
            let within = super::json::FlawAt { at: flaw.at - start, flaw: flaw.flaw };
            reading.flaw(text.get(start..).unwrap_or(""), &within);
            return None;
        }
    };
    let exam = read(&json, &mut reading);
    place(findings, before, &json, bytes);
    exam.filter(|_| findings.faults.count == before)
}

fn read(json: &Json<'_>, reading: &mut Reading<'_>) -> Option<Exam> {
    let mut fields = Fields::of(json, &Path::Root, reading)?;
    match fields.required("format", reading) {
        Some(Json::Text(format)) if format == "copiste-bundle" => {}
        Some(_) => fields.note(Code::Version, "format", "\"copiste-bundle\" is expected", reading),
        None => {}
    }
    match fields.required("version", reading) {
        Some(Json::Number("1")) | None => {}
        Some(_) => fields.note(Code::Version, "version", "only version 1 is read", reading),
    }
    let exam = fields.required("exam", reading).and_then(|json| exam(json, reading));
    fields.close(reading);
    exam
}

fn exam(json: &Json<'_>, reading: &mut Reading<'_>) -> Option<Exam> {
    let path = Path::Root.field("exam");
    let mut fields = Fields::of(json, &path, reading)?;
    let kinds = [("one_off", ExamKind::OneOff), ("common_assessment", ExamKind::CommonAssessment)];
    let id = fields.identifier("id", reading);
    let code = fields.text("code", Bounds::CODE, reading);
    let label = fields.text("label", Bounds::NAME, reading);
    let kind = fields.choice("kind", &kinds, reading);
    let (session_year, session_name) = session(&mut fields, reading);
    let starts_at = fields.moment("starts_at", reading);
    let series_path = path.field("series");
    let series = fields
        .list("series", 100, reading)
        .iter()
        .enumerate()
        .map(|(index, item)| text(item, &series_path.item(index), Bounds::CODE, reading))
        .collect();
    let wave = fields.optional_whole("wave", 1, 1_000, reading);
    let entity = fields.text("entity", Bounds::CODE, reading);
    let mark_step = step(&mut fields, reading);
    let harmonisation = harmonisation(&mut fields, kind, reading);
    let consultable_until = fields.optional_date("consultable_until", reading);
    let settings = match fields.optional("settings") {
        Some(json) => settings(json, &path.field("settings"), kind, reading),
        None => Settings::default(),
    };
    fields.close(reading);
    Some(Exam {
        id,
        code,
        label,
        kind,
        session_year,
        session_name,
        starts_at,
        series,
        wave,
        entity,
        mark_step,
        harmonisation,
        consultable_until,
        settings,
    })
}

fn session(fields: &mut Fields<'_, '_>, reading: &mut Reading<'_>) -> (i32, String) {
    let Some(json) = fields.required("session", reading) else { return (0, String::new()) };
    let path = fields.path().field("session");
    let Some(mut session) = Fields::of(json, &path, reading) else { return (0, String::new()) };
    let year = session.whole("year", 1900, 2999, reading);
    let name = session.text("name", Bounds::NAME, reading);
    session.close(reading);
    (i32::try_from(year).unwrap_or(0), name)
}

/// The four steps that marks come in (DOMAIN, *Marks*).
fn step(fields: &mut Fields<'_, '_>, reading: &mut Reading<'_>) -> Hundredths {
    let Some(json) = fields.required("mark_step", reading) else { return Hundredths(1) };
    let before = reading.faults();
    let value = super::numbers::hundredths(json, &fields.path().field("mark_step"), reading);
    match value {
        Some(step @ Hundredths(1 | 25 | 50 | 100)) => step,
        _ => {
            if reading.faults() == before {
                fields.note(Code::Choice, "mark_step", "one of 1, 0.5, 0.25, 0.01 is expected", reading);
            }
            Hundredths(1)
        }
    }
}

fn harmonisation(
    fields: &mut Fields<'_, '_>,
    kind: ExamKind,
    reading: &mut Reading<'_>,
) -> HarmonisationMode {
    let modes = [("none", HarmonisationMode::None), ("batches", HarmonisationMode::Batches)];
    let given = fields.optional_choice("harmonisation", &modes, reading);
    match kind {
        ExamKind::OneOff => given.unwrap_or(HarmonisationMode::None),
        ExamKind::CommonAssessment => {
            if given == Some(HarmonisationMode::None) {
                let message = "a common assessment is always harmonised by batches";
                fields.note(Code::Fixed, "harmonisation", message, reading);
            }
            HarmonisationMode::Batches
        }
    }
}

fn settings(json: &Json<'_>, path: &Path<'_>, kind: ExamKind, reading: &mut Reading<'_>) -> Settings {
    let mut settings = Settings::default();
    let Some(mut fields) = Fields::of(json, path, reading) else { return settings };
    if let Some(count) = fields.optional_whole("question_count", 0, 1_000, reading) {
        settings.question_count = count;
    }
    let fixed = |fields: &Fields<'_, '_>, name: &str, reading: &mut Reading<'_>| {
        if kind == ExamKind::CommonAssessment && fields.has(name) {
            fields.note(
                Code::Fixed,
                name,
                "only question_count may be given for a common assessment",
                reading,
            );
        }
    };
    fixed(&fields, "mark_kind", reading);
    if let Some(mark_kind) = fields.optional_text("mark_kind", Bounds::CODE, reading) {
        settings.mark_kind = mark_kind;
    }
    for (name, value) in [
        ("subject_commitment", &mut settings.subject_commitment),
        ("export_appreciation", &mut settings.export_appreciation),
        ("export_missing_marks", &mut settings.export_missing_marks),
        ("export_absences", &mut settings.export_absences),
        ("render_annotations", &mut settings.render_annotations),
        ("render_appreciation", &mut settings.render_appreciation),
        ("render_marking_details", &mut settings.render_marking_details),
    ] {
        fixed(&fields, name, reading);
        if let Some(flag) = fields.optional_flag(name, reading) {
            *value = flag;
        }
    }
    fields.close(reading);
    settings
}

/// The line, from 1, in which a byte stands.
fn line_of(bytes: &[u8], at: usize) -> u64 {
    1 + bytes.iter().take(at).filter(|byte| **byte == b'\n').count() as u64
}

/// A manifest may be written over several lines: gives what was found the line of its field.
fn place(findings: &mut Findings, before: u64, json: &Json<'_>, bytes: &[u8]) {
    let first = usize::try_from(before).unwrap_or(usize::MAX);
    for finding in findings.faults.first.iter_mut().skip(first) {
        if let Some(at) = finding.field.as_deref().and_then(|field| locate(json, field)) {
            finding.line = Some(line_of(bytes, at));
        }
    }
}

/// Where a field begins, or the deepest of its parents that is there.
fn locate(json: &Json<'_>, field: &str) -> Option<usize> {
    let (mut json, mut found) = (json, None);
    for name in field.split(['.', '[']) {
        let Json::Object(members) = json else { break };
        let Some(member) = members.iter().find(|member| member.name == name) else { break };
        found = Some(member.at);
        json = &member.value;
    }
    found
}
