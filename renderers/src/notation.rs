//! The details of the mark: what each question earned.

use std::ops::Range;

use copiste_core::model::{ArchivedQuestion, Hundredths};
use copiste_core::render::{
    Copy, FontRole, NodeId, NodeKind, Owner, Paint, RenderError, Renderer, Scope, Subject, TextStyle,
};

use crate::marking_sheet::{BOTTOM, GREY, INK, MARGIN, MarkingSheet, RIGHT, RULE, SHADE, WIDTH};

/// Draws the table of questions under the marking sheet's header.
pub struct NotationRenderer;

impl Renderer for NotationRenderer {
    fn version(&self) -> &str {
        env!("CARGO_PKG_VERSION")
    }

    fn draw(&self, subject: &Subject<'_>, copy: &mut Copy) -> Result<(), RenderError> {
        let mut at = MarkingSheet::open(subject, copy);
        let questions = &subject.script.questions;
        if questions.is_empty() {
            at.heading(subject, copy, "Détail de la notation", 20.0);
            let node = copy.add_node(NodeId::FRONT, NodeKind::Paragraph);
            let style = TextStyle::new(FontRole::Text, 10.5).with_colour(GREY);
            copy.text(at.sheet, node, style, [MARGIN, at.y + 12.0], "Aucun détail de notation.");
            at.y += 20.0;
        } else {
            at.heading(subject, copy, "Détail de la notation", HEAD + ROW * 2.0);
            table(subject, copy, &mut at, questions);
        }
        at.close(copy);
        Ok(())
    }
}

/// Heights of the header row and of a row of one line; what a further line adds.
const HEAD: f32 = 20.0;
const ROW: f32 = 16.5;
const LINE: f32 = 11.5;
/// Right ends of the two columns of numbers, and the width of the labels.
const EARNED: f32 = RIGHT - 110.0;
const MAXIMUM: f32 = RIGHT - 10.0;
const LABELS: f32 = WIDTH - 230.0;

const TITLES: [&str; 3] = ["Question", "Points obtenus", "Barème"];

fn table(subject: &Subject<'_>, copy: &mut Copy, at: &mut MarkingSheet, questions: &[ArchivedQuestion]) {
    let table = copy.add_node(NodeId::FRONT, NodeKind::Table);
    let style = TextStyle::new(FontRole::Text, 9.8).with_colour(INK);
    let mut lines: Vec<Range<usize>> = Vec::new();
    let mut heights: Vec<f32> = Vec::with_capacity(questions.len().min(4096));
    for question in questions {
        copy.break_lines(style.role, style.size, &question.label, LABELS, &mut lines);
        heights.push(ROW + LINE * (lines.len() - 1) as f32);
    }
    // The row of totals is one more.
    heights.push(ROW + 3.0);

    let mut first = 0;
    while first < heights.len() {
        if first > 0 {
            at.turn(subject, copy);
        }
        // As many rows as fit; one at least, and never the totals alone.
        let mut last = first;
        let mut end = at.y + HEAD;
        while last < heights.len() && (last == first || end + heights[last] <= BOTTOM) {
            end += heights[last];
            last += 1;
        }
        if last + 1 == heights.len() && last > first + 1 {
            last -= 1;
        }
        ground(copy, at, &heights[first..last], first);
        header(copy, at, (first == 0).then_some(table));
        at.y += HEAD;
        for (index, height) in heights.iter().enumerate().take(last).skip(first) {
            match questions.get(index) {
                Some(question) => {
                    let numbers = [question.earned.get().french(), question.maximum.get().french()];
                    row(copy, at, table, style, &question.label, &numbers);
                }
                None => {
                    let numbers = [
                        sum(questions.iter().map(|question| question.earned.get())),
                        sum(questions.iter().map(|question| question.maximum.get())),
                    ];
                    at.y += 2.0;
                    row(copy, at, table, TextStyle { role: FontRole::Strong, ..style }, "Total", &numbers);
                    at.y -= 2.0;
                }
            }
            at.y += height;
        }
        first = last;
    }
    at.y += 6.0;
}

/// Shades and rules of the rows that follow, all at once: decoration stays outside the cells.
fn ground(copy: &mut Copy, at: &MarkingSheet, heights: &[f32], first: usize) {
    let sheet = at.sheet;
    let mut shades = copy.path(sheet, Owner::Artifact, Paint::fill(SHADE));
    let mut y = at.y + HEAD;
    for (index, height) in heights.iter().enumerate() {
        if (first + index) % 2 == 1 {
            shades.rectangle(MARGIN, y, WIDTH, *height);
        }
        y += height;
    }
    let mut rules = copy.path(sheet, Owner::Artifact, Paint::stroke(INK, 0.9));
    rules.move_to(MARGIN, at.y + HEAD).line_to(RIGHT, at.y + HEAD);
    copy.path(sheet, Owner::Artifact, Paint::stroke(RULE, 0.6)).move_to(MARGIN, y).line_to(RIGHT, y);
}

/// The names of the columns: read once, shown again on every further sheet.
fn header(copy: &mut Copy, at: &MarkingSheet, table: Option<NodeId>) {
    let style = TextStyle::new(FontRole::Strong, 9.0).with_colour(GREY);
    let row = table.map(|table| copy.add_node(table, NodeKind::Row));
    for (title, right) in TITLES.into_iter().zip([None, Some(EARNED), Some(MAXIMUM)]) {
        let owner = match row {
            Some(row) => copy.add_node(row, NodeKind::HeaderCell(Scope::Column)).into(),
            None => Owner::Artifact,
        };
        let x = right.map_or(MARGIN + 10.0, |right| right - copy.width(style.role, style.size, title));
        copy.text(at.sheet, owner, style, [x, at.y + 13.0], title);
    }
}

fn row(
    copy: &mut Copy,
    at: &MarkingSheet,
    table: NodeId,
    style: TextStyle,
    label: &str,
    numbers: &[String; 2],
) {
    let row = copy.add_node(table, NodeKind::Row);
    let y = at.y + 11.8;
    let cell = copy.add_node(row, NodeKind::HeaderCell(Scope::Row));
    copy.block(at.sheet, cell, style, [MARGIN + 10.0, y], LABELS, LINE, label);
    for (number, right) in numbers.iter().zip([EARNED, MAXIMUM]) {
        let cell = copy.add_node(row, NodeKind::Cell);
        let x = right - copy.width(style.role, style.size, number);
        copy.text(at.sheet, cell, style, [x, y], number);
    }
}

/// A sum that cannot overflow: what would is shown as the largest number there is.
fn sum(numbers: impl Iterator<Item = Hundredths>) -> String {
    let total: i64 = numbers.map(|number| i64::from(number.0)).sum();
    Hundredths(i32::try_from(total).unwrap_or(i32::MAX)).french()
}
