//! The beginning of every document: the same bytes in all of them, made and hashed once.

use std::sync::Arc;

use copiste_core::rope::Shared;
use flate2::CompressError;

use super::colour;
use super::objects::{ObjectStream, Packer, Place};
use super::syntax;

/// Numbers that objects have in every document.
pub mod number {
    /// The catalog.
    pub const CATALOG: u32 = 1;
    /// The root of the structure tree.
    pub const STRUCTURE: u32 = 2;
    /// The structure element of the document; those of its front and of its pages follow.
    pub const DOCUMENT: u32 = 3;
    /// The page tree.
    pub const PAGE_TREE: u32 = 6;
    /// The metadata.
    pub const METADATA: u32 = 7;
    /// The colour profile of the output intent.
    pub const PROFILE: u32 = 8;
    /// The parent tree of the structure.
    pub const PARENT_TREE: u32 = 9;
    /// The transparency group of a page.
    pub const GROUP: u32 = 10;
    /// The fonts, as a resource.
    pub const FONTS: u32 = 11;
    /// The graphics states, as a resource.
    pub const STATES: u32 = 12;
    /// The object stream of what is the same in every document.
    pub const CONSTANTS: u32 = 13;
    /// The object stream of the tables.
    pub const TABLES: u32 = 14;
    /// From here on the shared fonts.
    pub const FIRST_FONT: u32 = 15;
}

/// The bytes, and where their objects are.
pub struct Prefix {
    /// Header, profile, constant objects.
    pub bytes: Arc<Shared>,
    /// Their places; offsets are the file's.
    pub places: Vec<(u32, Place)>,
}

impl Prefix {
    /// Makes it.
    ///
    /// # Errors
    /// What the compressor says, which for memory is nothing.
    pub fn new() -> Result<Prefix, CompressError> {
        // Four bytes over 127 say that the file is binary (ISO 19005-2, 6.1.2).
        let mut out = b"%PDF-1.7\n%\xE2\xE3\xCF\xD3\n".to_vec();
        let mut places = vec![(number::PROFILE, Place::At(out.len() as u64))];
        syntax::begin_object(&mut out, number::PROFILE);
        out.extend_from_slice(b"<</N 3");
        let mut packer = Packer::thorough();
        packer.stream(&mut out, &[&colour::srgb_profile()])?;

        let mut constants = ObjectStream::default();
        catalog(constants.object(number::CATALOG));
        structure_root(constants.object(number::STRUCTURE));
        // With transparency a page needs a space to blend in (ISO 19005-2, 6.2.10).
        constants.object(number::GROUP).extend_from_slice(b"<</Type/Group/S/Transparency/CS/DeviceRGB>>");
        places.push((number::CONSTANTS, Place::At(out.len() as u64)));
        constants.write(&mut out, number::CONSTANTS, Some(&mut packer))?;
        for (index, number) in constants.numbers().iter().enumerate() {
            let index = u16::try_from(index).unwrap_or(u16::MAX);
            places.push((*number, Place::InStream { stream: number::CONSTANTS, index }));
        }
        Ok(Prefix { bytes: Shared::new(out), places })
    }
}

fn catalog(out: &mut Vec<u8>) {
    out.extend_from_slice(b"<</Type/Catalog/Pages ");
    syntax::reference(out, number::PAGE_TREE);
    out.extend_from_slice(b"/Metadata ");
    syntax::reference(out, number::METADATA);
    out.extend_from_slice(b"/StructTreeRoot ");
    syntax::reference(out, number::STRUCTURE);
    out.extend_from_slice(
        b"/MarkInfo<</Marked true>>/Lang(fr-FR)/ViewerPreferences<</DisplayDocTitle true>>",
    );
    out.extend_from_slice(b"/OutputIntents[<</Type/OutputIntent/S/GTS_PDFA1/OutputConditionIdentifier(sRGB)");
    out.extend_from_slice(b"/Info(sRGB IEC61966-2.1)/DestOutputProfile ");
    syntax::reference(out, number::PROFILE);
    out.extend_from_slice(b">>]>>");
}

fn structure_root(out: &mut Vec<u8>) {
    out.extend_from_slice(b"<</Type/StructTreeRoot/K ");
    syntax::reference(out, number::DOCUMENT);
    out.extend_from_slice(b"/ParentTree ");
    syntax::reference(out, number::PARENT_TREE);
    out.extend_from_slice(b">>");
}
