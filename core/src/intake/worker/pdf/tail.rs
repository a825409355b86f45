//! The end of a PDF file: what a truncated one does not have.

use crate::intake::scan::damage;
use crate::model::Damage;

/// How far from its end a file may have its last words; some programs add blanks or zeros.
const REACH: usize = 4096;

/// Checks `startxref`, the cross reference it names, and `%%EOF` (ISO 32000-1, 7.5.5).
///
/// # Errors
/// `SCN-003` when they are missing, `SCN-004` when no cross reference is where it should be.
pub(crate) fn check(file: &[u8]) -> Result<(), Damage> {
    let tail = &file[file.len().saturating_sub(REACH)..];
    let cut = || damage::truncated(format!("a PDF without its end, after {} bytes", file.len()));
    let end = memchr::memmem::rfind(tail, b"%%EOF").ok_or_else(cut)?;
    let start = memchr::memmem::rfind(&tail[..end], b"startxref").ok_or_else(cut)?;
    let offset = number(&tail[start + 9..end]).ok_or_else(cut)?;
    // Some files have something before their head and count from the head.
    let head = memchr::memmem::find(&file[..file.len().min(1024)], b"%PDF-").unwrap_or(0);
    if [offset, offset.saturating_add(head)].iter().any(|offset| is_cross_reference(file, *offset)) {
        Ok(())
    } else {
        Err(damage::malformed(format!("no cross reference at byte {offset}")))
    }
}

fn number(bytes: &[u8]) -> Option<usize> {
    let text = bytes.trim_ascii();
    if text.is_empty() || text.len() > 12 {
        return None;
    }
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// A table begins with `xref`, a stream with its object's number.
fn is_cross_reference(file: &[u8], offset: usize) -> bool {
    let Some(here) = file.get(offset..).map(<[u8]>::trim_ascii_start) else { return false };
    let digits = here.iter().take_while(|byte| byte.is_ascii_digit()).count();
    here.starts_with(b"xref") || (digits > 0 && here.get(digits).is_some_and(u8::is_ascii_whitespace))
}
