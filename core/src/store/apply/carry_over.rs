//! What outlives an import on a script and its pages.

use crate::model::{Change, Hundredths, Page, Script};

/// What was decided about a script stays with it: a mark that somebody changed, what was found or accepted
/// on its pages.
pub(super) fn carry_over(script: &mut Script, old: &Script) {
    // A mark that is changed is never changed back without a trace: the bundle's own harmonised mark
    // gives way to what somebody decided here.
    if let Some(adjustment) = &old.adjustment {
        script.harmonised = match adjustment.change {
            Change::ByBatch(by) => script.marker_mark.map(|mark| moved(mark, by)),
            Change::Alone | Change::Corrected => old.harmonised,
        };
        script.adjustment = script.harmonised.is_some().then(|| adjustment.clone());
    }
    pages(&mut script.pages, &old.pages);
}

/// A mark moved by so much, within 0 and 20.
pub(super) fn moved(mark: Hundredths, by: Hundredths) -> Hundredths {
    Hundredths(mark.0.saturating_add(by.0).clamp(0, Hundredths::TWENTY.0))
}

/// What was found or accepted on a page stays with it as long as the page is the same: damage that
/// inspection found in the very same scan, and the acceptance of the very same damage.
fn pages(pages: &mut [Page], before: &[Page]) {
    for (index, page) in pages.iter_mut().enumerate() {
        // Where it was, or, when pages were put in or taken out, where its file is now.
        let stayed = before.get(index).filter(|old| same(page, old));
        let moved = || before.iter().find(|old| page.file == old.file && same(page, old));
        let Some(old) = stayed.or_else(moved) else { continue };
        if page.scan.is_some() && page.damage.is_none() {
            page.damage = old.damage.clone();
        }
        if page.damage.is_some() && page.damage == old.damage {
            page.accepted = old.accepted.clone();
        }
    }
}

/// Whether a page is the one it was. Without a scan only its file can tell.
fn same(page: &Page, old: &Page) -> bool {
    let placed = page.file_page == old.file_page && page.scan == old.scan;
    placed && (page.scan.is_some() || page.file == old.file)
}
