//! What can be wrong with a scan, and the stable code of each fault.
//!
//! | code | the scan |
//! |---|---|
//! | SCN-001 | is empty |
//! | SCN-002 | is not a JPEG, PNG, TIFF or PDF |
//! | SCN-003 | ends too early |
//! | SCN-004 | breaks the rules of its format |
//! | SCN-005 | has more pixels than the limits allow |
//! | SCN-006 | has no pixels |
//! | SCN-007 | is larger than a file may be |
//! | SCN-008 | uses a form of its format that cannot be read |
//! | SCN-009 | is an encrypted PDF that needs a password |
//! | SCN-010 | is a PDF without pages |
//! | SCN-011 | is a page of a PDF that cannot be read |
//! | SCN-012 | is a page the file does not have |
//! | SCN-013 | has a checksum that does not match |
//! | SCN-014 | has picture data that do not decode |
//! | SCN-015 | cannot be read from the bundle |
//!
//! The `DEC-` codes of [`crate::intake::worker`] say what became of the decoding process.

use crate::model::Damage;

/// Builds the damage for one code.
fn damage(code: &str, detail: impl Into<String>) -> Damage {
    Damage { code: code.to_owned(), detail: detail.into() }
}

macro_rules! codes {
    ($($name:ident $code:literal $doc:literal)*) => {
        $(#[doc = $doc] pub(crate) fn $name(detail: impl Into<String>) -> Damage { damage($code, detail) })*
    };
}

codes! {
    empty "SCN-001" "Nothing in the file."
    unknown_format "SCN-002" "Not a format scans come in."
    truncated "SCN-003" "The file ends before its own structure does."
    malformed "SCN-004" "The file breaks the rules of its format."
    too_many_pixels "SCN-005" "Beyond the limits; the detail has the numbers."
    no_pixels "SCN-006" "A width or a height of zero."
    too_large "SCN-007" "More bytes than a scan file may have."
    unsupported "SCN-008" "A legal form of the format that cannot be read here."
    encrypted "SCN-009" "A password would be needed."
    no_pages "SCN-010" "A PDF without a page."
    unreadable_page "SCN-011" "A page of a PDF that cannot be read."
    no_such_page "SCN-012" "A page beyond the last."
    wrong_checksum "SCN-013" "The bytes are not those that were written."
    corrupt "SCN-014" "The structure is right and the picture data are not."
    unreadable_file "SCN-015" "The file system refuses the file."
}
