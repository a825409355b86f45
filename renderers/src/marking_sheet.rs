//! The marking sheet that notation and appreciation share: paper, header, where the next thing goes.

use copiste_core::model::Frame;
use copiste_core::render::{
    Colour, Copy, FontRole, Group, NodeId, NodeKind, Owner, Paint, SheetId, Subject, TextStyle,
};

use crate::calendar;

/// A4 in points.
const PAPER: (f32, f32) = (595.276, 841.89);
/// Left and right margins.
pub const MARGIN: f32 = 56.0;
/// Right end of the text.
pub const RIGHT: f32 = PAPER.0 - MARGIN;
/// Width of the text.
pub const WIDTH: f32 = PAPER.0 - 2.0 * MARGIN;
/// Nothing but the foot line is drawn under this.
pub const BOTTOM: f32 = PAPER.1 - 62.0;

/// Headings and figures.
pub const INK: Colour = [0x1B, 0x2A, 0x41];
/// Labels and side remarks; 5.7:1 on white, so still legible to most.
pub const GREY: Colour = [0x5B, 0x66, 0x75];
/// Hairlines.
pub const RULE: Colour = [0xC4, 0xCC, 0xD6];
/// Behind every second row.
pub const SHADE: Colour = [0xF3, 0xF5, 0xF8];
/// The one colour of the sheet.
pub const ACCENT: Colour = [0x1F, 0x4E, 0x8C];

/// Width kept free on the right of the header for the mark.
pub const MARK_WIDTH: f32 = 160.0;

/// Where a renderer goes on drawing.
pub struct MarkingSheet {
    /// The sheet.
    pub sheet: SheetId,
    /// The lowest point drawn so far.
    pub y: f32,
}

impl MarkingSheet {
    /// The copy's last marking sheet, made with its header when there is none yet.
    pub fn open(subject: &Subject<'_>, copy: &mut Copy) -> MarkingSheet {
        let has_title = copy.children(NodeId::FRONT).any(|node| copy.node(node).kind == NodeKind::Heading(1));
        match copy.sheets(Group::Front).last() {
            Some(sheet) if has_title => MarkingSheet { sheet: *sheet, y: copy.filled(*sheet) },
            _ => begin(subject, copy),
        }
    }

    /// Whether `height` points still fit on this sheet.
    pub fn has_room(&self, height: f32) -> bool {
        self.y + height <= BOTTOM
    }

    /// Goes on on a further sheet.
    pub fn turn(&mut self, subject: &Subject<'_>, copy: &mut Copy) {
        self.close(copy);
        let sheet = paper(subject, copy);
        let style = TextStyle::new(FontRole::Text, 9.0).with_colour(GREY);
        // A repeated header is not read again (PDF/UA-1, 7.1).
        copy.text(sheet, Owner::Artifact, style, [MARGIN, 52.0], &format!("{} (suite)", subject.exam.label));
        rule(copy, sheet, 60.0);
        *self = MarkingSheet { sheet, y: 78.0 };
    }

    /// Leaves word for the next renderer.
    pub fn close(&self, copy: &mut Copy) {
        copy.fill_to(self.sheet, self.y);
    }

    /// A heading of the second level, kept together with `height` points of what follows.
    pub fn heading(&mut self, subject: &Subject<'_>, copy: &mut Copy, words: &str, height: f32) {
        if !self.has_room(34.0 + height) {
            self.turn(subject, copy);
        }
        let node = copy.add_node(NodeId::FRONT, NodeKind::Heading(2));
        let style = TextStyle::new(FontRole::Strong, 12.5).with_colour(ACCENT);
        copy.text(self.sheet, node, style, [MARGIN, self.y + 24.0], words);
        self.y += 34.0;
    }
}

/// A hairline across the text.
pub fn rule(copy: &mut Copy, sheet: SheetId, y: f32) {
    copy.path(sheet, Owner::Artifact, Paint::stroke(RULE, 0.6)).move_to(MARGIN, y).line_to(RIGHT, y);
}

/// An empty marking sheet with its foot line.
fn paper(subject: &Subject<'_>, copy: &mut Copy) -> SheetId {
    let sheet = copy.add_sheet(Group::Front, Frame::plain(PAPER.0, PAPER.1), NodeId::FRONT);
    let number = copy.sheets(Group::Front).len();
    let style = TextStyle::new(FontRole::Text, 8.0).with_colour(GREY);
    let y = PAPER.1 - 34.0;
    rule(copy, sheet, y - 12.0);
    let left = format!("{} · candidat n° {}", subject.exam.code, subject.candidate.number);
    copy.text(sheet, Owner::Artifact, style, [MARGIN, y], &left);
    let right = format!("Feuille de notation {number}");
    let width = copy.width(style.role, style.size, &right);
    copy.text(sheet, Owner::Artifact, style, [RIGHT - width, y], &right);
    sheet
}

/// The first marking sheet: what exam, whose copy.
fn begin(subject: &Subject<'_>, copy: &mut Copy) -> MarkingSheet {
    let Subject { exam, school, candidate, .. } = *subject;
    let sheet = paper(subject, copy);
    copy.path(sheet, Owner::Artifact, Paint::fill(ACCENT)).rectangle(MARGIN, 46.0, 34.0, 3.0);

    let title = TextStyle::new(FontRole::Strong, 18.0).with_colour(INK);
    let node = copy.add_node(NodeId::FRONT, NodeKind::Heading(1));
    // A document begins with a title, whatever the exam is called.
    let named = [exam.label.as_str(), exam.code.as_str()];
    let words = named.into_iter().find(|words| words.chars().any(char::is_alphanumeric));
    let words = words.unwrap_or("Épreuve");
    let mut y = copy.block(sheet, node, title, [MARGIN, 72.0], WIDTH, 22.0, words) - 22.0;

    let mut circumstances = format!("{} {}", exam.session_name, exam.session_year);
    circumstances.push_str(" · ");
    circumstances.push_str(&calendar::start(&exam.starts_at));
    if !exam.series.is_empty() {
        circumstances.push_str(if exam.series.len() > 1 { " · Séries " } else { " · Série " });
        for (index, series) in exam.series.iter().enumerate() {
            if index > 0 {
                circumstances.push_str(", ");
            }
            circumstances.push_str(series);
        }
    }
    if let Some(wave) = exam.wave.as_ref() {
        circumstances.push_str(&format!(" · Vague {wave}"));
    }
    circumstances.push_str(" · ");
    circumstances.push_str(&exam.code);
    let style = TextStyle::new(FontRole::Text, 9.5).with_colour(GREY);
    let node = copy.add_node(NodeId::FRONT, NodeKind::Paragraph);
    y = copy.block(sheet, node, style, [MARGIN, y + 18.0], WIDTH, 13.0, &circumstances) - 13.0;
    y += 14.0;
    rule(copy, sheet, y);

    y += 22.0;
    for (label, value) in [
        ("Candidat", format!("{} {}", candidate.last_name, candidate.first_name)),
        ("Numéro", candidate.number.as_str().to_owned()),
        ("Établissement", format!("{}, {} ({})", school.name, school.city, school.uai)),
    ] {
        y = labelled(copy, sheet, y, label, &value);
    }
    y -= 4.0;
    rule(copy, sheet, y);
    MarkingSheet { sheet, y }
}

/// A label with its value, which wraps beside it; returns the next base line.
fn labelled(copy: &mut Copy, sheet: SheetId, y: f32, label: &str, value: &str) -> f32 {
    const LABEL: f32 = 82.0;
    let node = copy.add_node(NodeId::FRONT, NodeKind::Paragraph);
    let style = TextStyle::new(FontRole::Text, 9.0).with_colour(GREY);
    // The colon and the blank are read aloud between label and value.
    copy.text(sheet, node, style, [MARGIN, y], &format!("{label} : "));
    let style = TextStyle::new(FontRole::Strong, 10.5).with_colour(INK);
    let width = WIDTH - LABEL - MARK_WIDTH - 12.0;
    copy.block(sheet, node, style, [MARGIN + LABEL, y], width, 14.0, value) + 4.0
}
