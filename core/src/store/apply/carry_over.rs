//! What outlives an import on a page.

use crate::model::Page;

/// What was found or accepted on a page stays with it as long as the page is the same: damage that
/// inspection found in the very same scan, and the acceptance of the very same damage.
pub(super) fn carry_over(pages: &mut [Page], before: &[Page]) {
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
