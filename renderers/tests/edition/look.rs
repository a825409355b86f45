use copiste_core::render::Profile;

use crate::archive::is_sound;
use crate::subjects::*;

#[test]
fn a_copy_with_every_kind_of_annotation_is_a_sound_document() {
    let workshop = Workshop::new();
    let mut case = workshop.case();
    case.script.annotations = every_kind(1);
    let file = workshop.write("every-kind", &case, Profile::FULL);
    is_sound(&file);
}
