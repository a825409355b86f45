//! Links: made by renderers, annotations in the document, read with words.

use copiste_core::render::*;

use crate::subjects::*;
use crate::tools::{is_sound, keeps_the_standards, plain};

struct Signpost;

impl Renderer for Signpost {
    fn draw(&self, _: &Subject<'_>, copy: &mut Copy) -> Result<(), RenderError> {
        for number in 1..=2 {
            let Some(sheet) = copy.page(number) else { continue };
            let section = copy.sheet(sheet).section;
            let paragraph = copy.add_node(section, NodeKind::Paragraph);
            let node = copy.add_node(paragraph, NodeKind::Link);
            let style = TextStyle::new(FontRole::Text, 9.0);
            copy.text(sheet, node, style, [40.0, 40.0], "Aide en ligne");
            copy.link(sheet, node, [40.0, 30.0, 110.0, 44.0], "https://exemple.fr/aidé", "Aide en ligne");
        }
        Ok(())
    }
}

#[test]
fn links_are_annotations_with_words_and_lie_where_they_were_drawn() {
    let workshop = Workshop::new();
    let mut registry = copiste_renderers::registry();
    registry.register(Registration {
        name: "signpost",
        choice: None,
        order: 50,
        renderer: Box::new(Signpost),
    });
    let press = copiste_renderers::press_with(registry);
    let mut case = workshop.case();
    case.script.pages[1].frame.rotate = 90;
    let records = case.records();
    let mut desk = Desk::default();
    let rope = records.edition(&press, Profile::FULL, &mut desk).expect("an edition");
    let file = workshop.write_rope("links", rope);
    is_sound(&file);
    if let Some(bytes) = plain(&file) {
        let text = String::from_utf8_lossy(&bytes);
        assert_eq!(text.matches("/Subtype /Link").count(), 2);
        assert_eq!(text.matches("/Type /OBJR").count(), 2);
        assert_eq!(text.matches("/URI (https://exemple.fr/aid%C3%A9)").count(), 2);
        let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
        // Upright: 40 to 110 from the left, 30 to 44 from the top of 842; then the page turned.
        assert!(flat.contains("/Rect [ 40 798 110 812 ]"), "{flat}");
        assert!(flat.contains("/Rect [ 30 40 44 110 ]"), "{flat}");
    }
    keeps_the_standards(&[file]);
}
