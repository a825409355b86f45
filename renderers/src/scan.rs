//! The scanned pages: each in its place, in order, and none left out.

use copiste_core::model::{ArchivedPage, Frame};
use copiste_core::render::{
    Copy, FontRole, Group, NodeId, NodeKind, Owner, Paint, RenderError, Renderer, SheetId, Subject, TextStyle,
};

use crate::calendar;

/// Draws every page of the script: its scan; or, where a page was damaged, a sheet that says so in
/// its place, or the scan under a banner when someone accepted it as it is.
pub struct ScanRenderer;

/// Warning colours of banners and placeholders: dark red on pale.
const WARNING: [u8; 3] = [0x8C, 0x1D, 0x18];
const PALE: [u8; 3] = [0xFD, 0xEC, 0xEA];
const INK: [u8; 3] = [0x22, 0x2B, 0x38];

impl Renderer for ScanRenderer {
    fn version(&self) -> &str {
        env!("CARGO_PKG_VERSION")
    }

    fn draw(&self, subject: &Subject<'_>, copy: &mut Copy) -> Result<(), RenderError> {
        let pages = &subject.script.pages;
        let mut says = String::new();
        for (index, page) in pages.iter().enumerate() {
            let section = copy.add_node(NodeId::PAGES, NodeKind::Section);
            let frame = page.frame.get();
            let sheet = copy.add_sheet(Group::Pages, frame, section);
            let place = Place { number: index + 1, count: pages.len(), sheet, section, frame };
            let number = u32::try_from(index).unwrap_or(u32::MAX);
            match (page.scan.is_some(), page.damage.is_some(), page.accepted.is_some()) {
                (true, false, _) | (true, true, true) => {
                    says.clear();
                    place.says(&mut says);
                    let figure = copy.add_node_that_says(section, NodeKind::Figure, &says);
                    copy.place_scan(sheet, figure, number);
                    if page.damage.is_some() {
                        place.banner(page, copy);
                    }
                }
                _ => place.placeholder(page, copy),
            }
        }
        Ok(())
    }
}

/// One page's place in the copy.
struct Place {
    number: usize,
    count: usize,
    sheet: SheetId,
    section: NodeId,
    frame: Frame,
}

impl Place {
    fn says(&self, out: &mut String) {
        use std::fmt::Write;
        // Writing into a string has no way to fail.
        let _ = write!(out, "Page {} sur {} de la copie numérisée", self.number, self.count);
    }

    /// Sizes follow the paper, within what stays legible.
    fn scale(&self) -> f32 {
        let (width, height) = self.frame.upright_size();
        (width.min(height) / 595.0).clamp(0.3, 3.0)
    }

    /// A strip across the top of the scan.
    fn banner(&self, page: &ArchivedPage, copy: &mut Copy) {
        let (width, _) = self.frame.upright_size();
        let scale = self.scale();
        let words = format!(
            "Page {} endommagée à la numérisation{}, reproduite telle quelle{}.",
            self.number,
            code(page),
            accepted(page).map(|day| format!(" (dommage accepté le {day})")).unwrap_or_default()
        );
        let style = TextStyle::new(FontRole::Strong, 9.0 * scale).with_colour(WARNING);
        let (margin, leading) = (14.0 * scale, 12.0 * scale);
        let mut lines = Vec::new();
        copy.break_lines(style.role, style.size, &words, width - 2.0 * margin, &mut lines);
        let height = 8.0 * scale + leading * lines.len() as f32;
        copy.path(self.sheet, Owner::Artifact, Paint::fill(PALE).with_opacity(94))
            .rectangle(0.0, 0.0, width, height);
        copy.path(self.sheet, Owner::Artifact, Paint::fill(WARNING)).rectangle(
            0.0,
            height,
            width,
            1.5 * scale,
        );
        let paragraph = copy.add_node(self.section, NodeKind::Paragraph);
        copy.block(
            self.sheet,
            paragraph,
            style,
            [margin, 13.0 * scale],
            width - 2.0 * margin,
            leading,
            &words,
        );
    }

    /// A sheet that says what is missing.
    fn placeholder(&self, page: &ArchivedPage, copy: &mut Copy) {
        let (width, height) = self.frame.upright_size();
        let scale = self.scale();
        let (left, inner) = (width * 0.12, 22.0 * scale);
        let column = width * 0.76 - 2.0 * inner;
        let title = format!("Page {} sur {}", self.number, self.count);
        let reference = page.damage.as_ref().map_or("", |damage| damage.code.as_str());
        let paragraphs = [
            "Cette page a été endommagée à la numérisation : elle ne peut pas être montrée.".to_owned(),
            format!("Elle garde ici sa place. Référence du dommage : {reference}."),
            match accepted(page) {
                Some(day) => format!("Le dommage a été constaté et accepté le {day}."),
                None => "Elle sera remplacée si une nouvelle numérisation est reçue.".to_owned(),
            },
        ];
        let heading = TextStyle::new(FontRole::Strong, 17.0 * scale).with_colour(WARNING);
        let text = TextStyle::new(FontRole::Text, 11.0 * scale).with_colour(INK);
        let leading = 16.0 * scale;
        let mut lines = Vec::new();
        let mut rows = 0;
        for paragraph in &paragraphs {
            copy.break_lines(text.role, text.size, paragraph, column, &mut lines);
            rows += lines.len();
        }
        let box_height =
            2.0 * inner + 30.0 * scale + leading * rows as f32 + 6.0 * scale * paragraphs.len() as f32;
        let top = (height * 0.38 - box_height / 2.0).max(0.0);
        let frame = Paint { fill: Some(PALE), ..Paint::stroke(WARNING, 1.2 * scale) };
        copy.path(self.sheet, Owner::Artifact, frame).rectangle(left, top, width * 0.76, box_height);

        let node = copy.add_node(self.section, NodeKind::Paragraph);
        let mut y = top + inner + 14.0 * scale;
        copy.text(self.sheet, node, heading, [left + inner, y], &title);
        y += 28.0 * scale;
        for paragraph in &paragraphs {
            let node = copy.add_node(self.section, NodeKind::Paragraph);
            y = copy.block(self.sheet, node, text, [left + inner, y], column, leading, paragraph)
                + 6.0 * scale;
        }
    }
}

/// ` (SCN-004)`, when the damage has a code.
fn code(page: &ArchivedPage) -> String {
    page.damage.as_ref().map(|damage| format!(" ({})", damage.code.as_str())).unwrap_or_default()
}

/// The day someone accepted the damage.
fn accepted(page: &ArchivedPage) -> Option<String> {
    page.accepted.as_ref().map(|acceptance| calendar::day(acceptance.at.to_native()))
}
