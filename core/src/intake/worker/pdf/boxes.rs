//! A page's paper: boxes, rotation and user unit, folded into a [`Frame`].

use hayro_syntax::object::{Dict, Rect};

use crate::intake::scan::paper::narrow;
use crate::model::Frame;

/// The largest side a page may have in PDF/A, in points (ISO 32000-1, annex C.2).
const LARGEST: f64 = 14_400.0;
/// The smallest.
const SMALLEST: f64 = 3.0;

/// A frame, and what user space has to be multiplied with to fit it.
pub(crate) struct Paper {
    pub(crate) frame: Frame,
    pub(crate) scale: f64,
}

/// The paper of a page whose attributes are looked up in `chain`: itself first, then those it
/// inherits from, nearest first. None when there is no box with an area.
pub(crate) fn paper(chain: &[Dict<'_>]) -> Option<Paper> {
    let inherited = |key: &[u8]| chain.iter().find_map(|dict| dict.get::<Rect>(key));
    let media = inherited(b"MediaBox")?;
    // Without a crop box, or with one that misses the page, the whole page is seen.
    let crop = inherited(b"CropBox").map(|crop| crop.intersect(media)).filter(|crop| area(crop) > 0.0);
    let crop = crop.unwrap_or(media);
    let rotate = chain.iter().find_map(|dict| dict.get::<i32>(b"Rotate")).unwrap_or(0).rem_euclid(360);
    let rotate = match rotate {
        90 | 180 | 270 => u16::try_from(rotate).unwrap_or(0),
        _ => 0,
    };
    let unit = chain.first()?.get::<f64>(b"UserUnit").filter(|unit| (0.01..=1000.0).contains(unit));
    let mut scale = unit.unwrap_or(1.0);
    let long = media.width().max(media.height()) * scale;
    let far = [media.x0, media.y0, media.x1, media.y1].iter().all(|edge| edge.abs() < 1e6);
    if !far || !long.is_finite() || area(&crop) <= 0.0 {
        return None;
    }
    if long > LARGEST {
        scale *= LARGEST / long;
    }
    if crop.width().min(crop.height()) * scale < SMALLEST {
        return None;
    }
    let fold = |rect: &Rect| [rect.x0, rect.y0, rect.x1, rect.y1].map(|edge| narrow(edge * scale));
    Some(Paper { frame: Frame { media_box: fold(&media), crop_box: fold(&crop), rotate }, scale })
}

fn area(rect: &Rect) -> f64 {
    rect.width() * rect.height()
}
