//! A renderer of one's own: the last digits of the candidate's number at the foot of each page.
use copiste_core::render::*;

pub(crate) struct FootNumber;

impl Renderer for FootNumber {
    fn draw(&self, subject: &Subject<'_>, copy: &mut Copy) -> Result<(), RenderError> {
        let digits = subject.candidate.number.char_indices().nth_back(3).map_or(0, |(at, _)| at);
        for sheet in copy.sheets(Group::Pages).to_vec() {
            let at = [18.0, copy.sheet(sheet).frame.upright_size().1 - 12.0];
            copy.text(
                sheet,
                Owner::Artifact,
                TextStyle::new(FontRole::Text, 8.0),
                at,
                &subject.candidate.number[digits..],
            );
        }
        Ok(())
    }
}
fn main() {
    let mut registry = copiste_renderers::registry();
    registry.register(Registration { name: "foot", choice: None, order: 90, renderer: Box::new(FootNumber) });
    let _press = copiste_renderers::press_with(registry);
}
