//! An archive for readers: any range of its bytes, for as many at once as want one, without a file.
//!
//! The plan says where everything lies, so a reader that begins in the middle costs what it reads: the
//! copies it wants are composed again, each checked against the plan before its first byte, and their
//! scans are streamed. A reader holds one rope and one piece, whatever the archive's length.

use std::io::{self, Write};
use std::ops::Range;
use std::sync::Arc;

use super::desks::Desks;
use super::error::CopyFault;
use super::making::{Making, Schools};
use super::plan::{Forecast, Plan};
use super::reader_error::PourError;
use super::report::Failure;
use super::rows::Row;
use super::source::Source;
use super::summary;
use super::window::Window;
use crate::render::Press;
use crate::rope::{BlobSource, Outlet, Rope, RopeError, pour};
use crate::store::ExamView;
use crate::zip::Placed;

/// A planned archive that owns what it is made from. Shared by threads, for as long as readers need it.
/// It keeps its view of the exam, so it has to go before a purge can finish.
pub struct Archive {
    source: Arc<dyn Source + Send + Sync>,
    blobs: Arc<dyn BlobSource + Send + Sync>,
    press: Arc<Press>,
    plan: Plan,
    schools: Schools,
    desks: Desks,
}

impl Archive {
    /// An archive of an exam's copies, as they were planned from a view of the same state.
    pub fn new(view: ExamView, press: Arc<Press>, plan: Plan) -> Archive {
        let blobs = Arc::clone(view.blobs());
        Archive::over(Arc::new(view), blobs, press, plan)
    }

    /// The same over any source of copies and scans: what a test or a bench makes up.
    pub fn over(
        source: Arc<dyn Source + Send + Sync>,
        blobs: Arc<dyn BlobSource + Send + Sync>,
        press: Arc<Press>,
        plan: Plan,
    ) -> Archive {
        Archive { source, blobs, press, plan, schools: Schools::default(), desks: Desks::default() }
    }

    /// Bytes of the whole archive.
    pub fn length(&self) -> u64 {
        self.plan.outline().total()
    }

    /// A digest of everything in it: archives with the same one have the same bytes.
    pub fn etag(&self) -> [u8; 32] {
        self.plan.outline().etag()
    }

    /// What is in it.
    pub fn forecast(&self) -> Forecast {
        self.plan.forecast()
    }

    /// What it was planned to be.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Writes bytes `range` of the archive, in pieces of at most 128 KiB. The writer is not flushed.
    ///
    /// # Errors
    /// [`PourError`]. What was written until then are the archive's bytes, and nothing follows them: no
    /// copy is padded, none is another than was planned.
    pub fn pour(&self, range: Range<u64>, out: &mut dyn Write) -> Result<(), PourError> {
        if range.start > range.end || range.end > self.length() {
            let Range { start, end } = range;
            return Err(PourError::Range { start, end, length: self.length() });
        }
        let mut window = Window { range, out: Outlet::new(out) };
        let poured = self.summary(&mut window).and_then(|()| self.copies(&mut window));
        let poured = poured.and_then(|()| self.directory(&mut window));
        if matches!(poured, Err(PourError::Copy(_) | PourError::List(_))) {
            self.plan.distrust();
        }
        poured?;
        window.out.flush().map_err(PourError::Reader)
    }

    /// `sommaire.csv`, which comes first.
    fn summary(&self, window: &mut Window<'_>) -> Result<(), PourError> {
        let plan = &self.plan;
        let Placed { body, end, .. } = plan.summary().placed_at(0);
        if window.range.start < body {
            let mut header = Vec::new();
            plan.summary().local_header(&mut header);
            window.put(0, &header)?;
        }
        if !window.meets(&(body..end)) {
            return Ok(());
        }
        let from = window.within(&(body..end)).start;
        let mark = plan.index.before(from, |mark| mark.line).filter(|(_, mark)| mark.line <= from);
        let mut lines = String::new();
        let (mut at, rows) = match mark {
            Some((index, mark)) => (body + mark.line, plan.rows.since(index, mark.row)),
            None => {
                summary::head(&mut lines);
                (body, plan.rows.iter())
            }
        };
        summary::write_on(lines, rows, plan.profile, &plan.failed, |piece| {
            let more = window.put(at, piece)?;
            at += piece.len() as u64;
            Ok::<bool, PourError>(more)
        })?;
        as_long_as_planned(at >= window.range.end || at == end)
    }

    /// The copies with their headers.
    fn copies(&self, window: &mut Window<'_>) -> Result<(), PourError> {
        let plan = &self.plan;
        let all = plan.summary().placed_at(0).end..plan.outline().directory_offset();
        if !window.meets(&all) {
            return Ok(());
        }
        let Some(mark) = plan.index.before(window.range.start, |mark| mark.header) else { return Ok(()) };
        let (mut rope, mut header) = (Rope::new(), Vec::new());
        for copy in plan.copies_since(mark) {
            let (_, row, placed) = copy?;
            if placed.end <= window.range.start {
                continue;
            }
            if placed.header >= window.range.end {
                break;
            }
            header.clear();
            row.entry().local_header(&mut header);
            window.put(placed.header, &header)?;
            if window.meets(&(placed.body..placed.end)) {
                self.copy(&row, placed, &mut rope, window)?;
            }
        }
        Ok(())
    }

    /// One copy. `rope` holds it while it is written, so that the desk is free for others.
    fn copy(
        &self,
        row: &Row,
        placed: Placed,
        rope: &mut Rope,
        window: &mut Window<'_>,
    ) -> Result<(), PourError> {
        let failed = |fault: CopyFault| PourError::Copy(Failure::new(&row.number, &fault));
        let mut desk = self.desks.take();
        let making = Making { source: &*self.source, press: &self.press, schools: &self.schools };
        let made = making.again(row, self.plan.profile, &mut desk, rope);
        self.desks.give(desk);
        made.map_err(failed)?;
        let wanted = window.within(&(placed.body..placed.end));
        pour(rope, wanted, &*self.blobs, &mut window.out).map_err(|fault| match fault {
            RopeError::Target(source) => PourError::Reader(source),
            fault @ RopeError::Scan { .. } => failed(CopyFault::Scan(fault)),
        })
    }

    /// What closes the archive.
    fn directory(&self, window: &mut Window<'_>) -> Result<(), PourError> {
        let plan = &self.plan;
        let all = plan.outline().directory_offset()..self.length();
        if !window.meets(&all) {
            return Ok(());
        }
        let from = window.within(&all).start;
        let mark = plan.index.before(from, |mark| mark.central);
        let (mut at, mut line) = (all.start, Vec::new());
        if let Some((_, mark)) = mark.filter(|(_, mark)| mark.central <= from) {
            at += mark.central;
        } else {
            plan.summary().central_header(0, &mut line);
            window.put(at, &line)?;
            at += line.len() as u64;
        }
        if let Some(mark) = mark {
            for copy in plan.copies_since(mark) {
                let (_, row, placed) = copy?;
                line.clear();
                row.entry().central_header(placed.header, &mut line);
                if !window.put(at, &line)? {
                    return Ok(());
                }
                at += line.len() as u64;
            }
        }
        line.clear();
        plan.outline().end(&mut line);
        as_long_as_planned(at + line.len() as u64 == all.end)?;
        window.put(at, &line).map(|_nothing_follows| ())
    }
}

/// What is told of the copies has the length that was planned, or nothing follows it.
fn as_long_as_planned(holds: bool) -> Result<(), PourError> {
    if holds { Ok(()) } else { Err(io::Error::from(io::ErrorKind::InvalidData).into()) }
}
