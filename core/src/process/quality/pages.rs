//! What is wrong with the pages of one script.

use super::tally::{Tally, Whose};
use super::{Kind, Policy};
use crate::model::{ArchivedAnnotation, ArchivedPage, ArchivedScript, BlobRef, annotations_outside};
use crate::store::{Seen, StoreError};

/// Looks at every page; `inspection` gives what was found in a scan.
pub(super) fn look(
    script: &ArchivedScript,
    policy: &Policy,
    mut inspection: impl FnMut(&BlobRef) -> Result<Option<Seen>, StoreError>,
    tally: &mut Tally,
) -> Result<(), StoreError> {
    let whose = Whose::of(script);
    for (page, number) in script.pages.iter().zip(1_u32..) {
        let number = Some(number);
        if let Some(damage) = page.damage.as_ref() {
            let kind = if page.accepted.is_some() { Kind::AcceptedPages } else { Kind::DamagedPages };
            tally.push(kind, whose, number, || damage.code.to_string());
            // Of a page that cannot be shown there is nothing else to say.
            continue;
        }
        let Some(scan) = page.scan.as_ref() else { continue };
        let Some(found) = inspection(&scan.image.blob.get())? else {
            tally.push(Kind::UninspectedPages, whose, number, String::new);
            continue;
        };
        if found.damaged {
            // Found, and not in the script's record yet: the next inspection makes up for it.
            tally.push(Kind::DamagedPages, whose, number, String::new);
            continue;
        }
        if found.blank {
            tally.push(Kind::BlankPages, whose, number, String::new);
        }
        let dpi = u32::from(found.dpi);
        if (1..policy.low_resolution_dpi).contains(&dpi) {
            tally.push(Kind::LowResolution, whose, number, || format!("{dpi} dots an inch"));
        }
    }
    turned(script, tally);
    Ok(())
}

/// Pages that are shown turned, and pages that lie across the others of their script.
///
/// A page lies across when it is landscape among portrait pages of about its own length, or the other way
/// round; whichever there are fewer of is noted, and landscape when there are as many. A folded A3 sheet
/// among A4 ones is longer than they are and lies as it should.
fn turned(script: &ArchivedScript, tally: &mut Tally) {
    let whose = Whose::of(script);
    let sizes: Vec<(f32, f32)> = script.pages.iter().map(|page| page.frame.get().upright_size()).collect();
    for (index, page) in script.pages.iter().enumerate() {
        if page.damage.is_some() {
            continue;
        }
        let number = u32::try_from(index + 1).ok();
        let rotate = page.frame.rotate.to_native();
        if rotate != 0 {
            tally.push(Kind::RotatedPages, whose, number, || format!("shown turned by {rotate} degrees"));
        } else if lies_across(&script.pages, &sizes, index) {
            tally.push(Kind::RotatedPages, whose, number, || "lies across its neighbours".to_owned());
        }
    }
}

fn lies_across(pages: &[ArchivedPage], sizes: &[(f32, f32)], index: usize) -> bool {
    let landscape = |(width, height): (f32, f32)| width > height;
    let long = |(width, height): (f32, f32)| width.max(height);
    let own = sizes[index];
    // Papers differ by a few per cent, A4 and A3 by forty.
    let alike = |other: (f32, f32)| {
        let (short, tall) = (long(own).min(long(other)), long(own).max(long(other)));
        tall <= short * 1.2
    };
    let neighbours = || {
        let sizes = sizes.iter().zip(pages).filter(|(_, page)| page.damage.is_none());
        sizes.map(|(size, _)| *size).filter(|other| alike(*other))
    };
    let same = neighbours().filter(|other| landscape(*other) == landscape(own)).count();
    let across = neighbours().count() - same;
    if landscape(own) { across > 0 && same <= across } else { same < across }
}

/// Pages with annotations that reach outside of them.
pub(super) fn annotations(script: &ArchivedScript, annotations: &[ArchivedAnnotation], tally: &mut Tally) {
    let whose = Whose::of(script);
    for (page, count) in annotations_outside(annotations) {
        tally.push(Kind::AnnotationsOutside, whose, Some(page), || match count {
            1 => "1 annotation".to_owned(),
            count => format!("{count} annotations"),
        });
    }
}
