//! The marker's general comment.

use copiste_core::render::{Copy, FontRole, NodeId, NodeKind, RenderError, Renderer, Subject, TextStyle};

use crate::marking_sheet::{GREY, INK, MARGIN, MarkingSheet, WIDTH};

/// Draws the appreciation on the marking sheet, in as many sheets as it needs.
pub struct AppreciationRenderer;

const LEADING: f32 = 15.0;

impl Renderer for AppreciationRenderer {
    fn version(&self) -> &str {
        env!("CARGO_PKG_VERSION")
    }

    fn draw(&self, subject: &Subject<'_>, copy: &mut Copy) -> Result<(), RenderError> {
        let mut at = MarkingSheet::open(subject, copy);
        // Two lines at least stay with their heading.
        at.heading(subject, copy, "Appréciation", 2.0 * LEADING);
        let words = subject.script.appreciation.as_ref().map_or("", |words| words.trim());
        if words.is_empty() {
            let node = copy.add_node(NodeId::FRONT, NodeKind::Paragraph);
            let style = TextStyle::new(FontRole::Text, 10.5).with_colour(GREY);
            copy.text(at.sheet, node, style, [MARGIN, at.y + 12.0], "Aucune appréciation.");
            at.y += 20.0;
        }
        let style = TextStyle::new(FontRole::Text, 10.5).with_colour(INK);
        let mut lines = Vec::new();
        for paragraph in words.split('\n').map(str::trim).filter(|paragraph| !paragraph.is_empty()) {
            let node = copy.add_node(NodeId::FRONT, NodeKind::Paragraph);
            copy.break_lines(style.role, style.size, paragraph, WIDTH, &mut lines);
            for line in &lines {
                if !at.has_room(LEADING) {
                    at.turn(subject, copy);
                }
                copy.text(at.sheet, node, style, [MARGIN, at.y + 12.0], &paragraph[line.clone()]);
                at.y += LEADING;
            }
            at.y += 5.0;
        }
        at.close(copy);
        Ok(())
    }
}
