//! What programs are shown, on the command line and over HTTP alike.

use std::collections::BTreeMap;

use copiste_core::journal::Target;
use copiste_core::model::ArchivedSettings;
use copiste_core::process::closing::{CloseReport, Decision, DryRun, ExportReport, ValidateReport};
use copiste_core::store::Standing;
use serde_json::{Value, json};

/// The functional settings by name.
pub(crate) fn settings(settings: &ArchivedSettings) -> Value {
    json!({
        "subject_commitment": settings.subject_commitment,
        "question_count": settings.question_count.to_native(),
        "mark_kind": settings.mark_kind.as_str(),
        "export_appreciation": settings.export_appreciation,
        "export_missing_marks": settings.export_missing_marks,
        "export_absences": settings.export_absences,
        "render_annotations": settings.render_annotations,
        "render_appreciation": settings.render_appreciation,
        "render_marking_details": settings.render_marking_details,
    })
}

/// What a launch did.
pub(crate) fn close_report(report: &CloseReport) -> Value {
    json!({
        "exam": report.exam,
        "exports": report.exports.iter().map(export).collect::<Vec<_>>(),
        "quality": report.quality,
        "closing": report.closing,
    })
}

/// What a validation did.
pub(crate) fn validate_report(report: &ValidateReport) -> Value {
    json!({
        "exam": report.exam,
        "validated": report.validated,
        "left": report.left,
        "exports": report.exports.iter().map(export).collect::<Vec<_>>(),
        "quality": report.quality,
        "closing": report.closing,
    })
}

/// What became of one export.
fn export(export: &ExportReport) -> Value {
    json!({
        "target": export.target,
        "export": export.number,
        "rows": export.rows,
        "accepted": export.accepted,
        "standing": standing(export.standing),
        "rejected": export.rejected,
        "fault": export.fault,
        "requests": export.requests,
        "took_ms": export.took_ms,
    })
}

/// What is known of an export, in a word.
pub(crate) fn standing(standing: Standing) -> &'static str {
    match standing {
        Standing::Whole => "accepted",
        Standing::Partly { .. } => "partly_accepted",
        Standing::Failed => "failed",
        Standing::Unsettled => "being_settled",
    }
}

/// What a launch would do, in words.
pub(crate) fn decision(decision: &Decision) -> String {
    let names =
        |targets: &[Target]| targets.iter().map(|target| target.name()).collect::<Vec<_>>().join(" and ");
    match decision {
        Decision::Settle(targets) => format!("a launch first asks {} what they hold", names(targets)),
        Decision::Send(targets) => format!("a launch sends to {}", names(targets)),
        Decision::NothingLeft => "nothing is left to send".to_owned(),
        Decision::Final => "published: the closing is final".to_owned(),
        Decision::ByHand => "published before the closing was done: marks go by hand".to_owned(),
    }
}

/// What a launch would send.
pub(crate) fn dry_run(dry: &DryRun) -> Value {
    json!({
        "exam": dry.exam,
        "launch": decision(&dry.decision),
        "unmet": dry.unmet.processes,
        "missing_marks": dry.unmet.missing_marks,
        "cyclades": {
            "rows": dry.cyclades_rows,
            "first": dry.cyclades_first,
            "outcomes": dry.outcomes.iter().cloned().collect::<BTreeMap<_, _>>(),
        },
        "imagin": { "rows": dry.imagin_rows.len(), "first": dry.imagin_rows.iter().take(10).collect::<Vec<_>>() },
        "quality": dry.quality,
        "quality_blocks": dry.quality_blocks,
        "reached": dry.reached.iter().map(|reached| json!({
            "target": reached.target,
            "place": reached.place,
            "fault": reached.fault,
        })).collect::<Vec<_>>(),
    })
}
