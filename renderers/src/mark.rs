//! The total, in the header of the marking sheet: shown with the details and without.

use copiste_core::model::ArchivedAttendance;
use copiste_core::render::{Copy, FontRole, NodeId, NodeKind, Owner, Paint, SheetId, Subject, TextStyle};

use crate::marking_sheet::{ACCENT, GREY, INK, MARK_WIDTH, RIGHT, SHADE};

/// Draws the mark in the place kept for it on the right of the first sheet's header, on the rule at
/// height `y`.
pub fn draw(subject: &Subject<'_>, copy: &mut Copy, sheet: SheetId, y: f32) {
    let script = subject.script;
    let (words, size) = match (script.final_mark(), &subject.candidate.attendance) {
        (Some(mark), _) => (format!("Note : {} / 20", mark.french()), 17.0),
        (None, ArchivedAttendance::Present) => ("Pas de note".to_owned(), 14.0),
        (None, ArchivedAttendance::Absent) => ("Absence".to_owned(), 14.0),
        (None, ArchivedAttendance::AbsentJustified) => ("Absence justifiée".to_owned(), 14.0),
        (None, ArchivedAttendance::Exempt) => ("Dispense".to_owned(), 14.0),
    };
    // The header ends with a rule; the box stands on it.
    let (left, height) = (RIGHT - MARK_WIDTH, 58.0);
    let top = y - height - 6.0;
    copy.path(sheet, Owner::Artifact, Paint::fill(SHADE)).rectangle(left, top, MARK_WIDTH, height);
    copy.path(sheet, Owner::Artifact, Paint::fill(ACCENT)).rectangle(left, top, 3.0, height);
    let node = copy.add_node(NodeId::FRONT, NodeKind::Paragraph);
    let style = TextStyle::new(FontRole::Strong, size).with_colour(INK);
    let centred = |copy: &Copy, style: TextStyle, words: &str| {
        left + 3.0 + (MARK_WIDTH - 3.0 - copy.width(style.role, style.size, words)) / 2.0
    };
    let both = match (script.marker_mark.as_ref(), script.harmonised.as_ref()) {
        (marker, Some(_)) => Some(marker.map_or_else(String::new, |mark| mark.get().french())),
        _ => None,
    };
    let x = centred(copy, style, &words);
    copy.text(sheet, node, style, [x, top + if both.is_some() { 27.0 } else { 35.0 }], &words);
    if let Some(marker) = both {
        let node = copy.add_node(NodeId::FRONT, NodeKind::Paragraph);
        let style = TextStyle::new(FontRole::Text, 7.8).with_colour(GREY);
        let words = if marker.is_empty() {
            "Note harmonisée".to_owned()
        } else {
            format!("Note harmonisée ; correcteur : {marker} / 20")
        };
        let x = centred(copy, style, &words);
        copy.text(sheet, node, style, [x, top + 44.0], &words);
    }
}
