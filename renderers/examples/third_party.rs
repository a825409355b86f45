//! A renderer of one's own: the last digits of the candidate's number at the foot of each page.
use copiste_core::render::*;

pub(crate) struct FootNumber;

impl Renderer for FootNumber {
    fn draw(&self, subject: &Subject<'_>, copy: &mut Copy) -> Result<(), RenderError> {
        let (number, style) = (&*subject.candidate.number, TextStyle::new(FontRole::Text, 8.0));
        let digits = number.char_indices().nth_back(3).map_or(number, |(at, _)| &number[at..]);
        for sheet in copy.sheets(Group::Pages).to_vec() {
            let foot = copy.sheet(sheet).frame.upright_size().1 - 12.0;
            copy.text(sheet, Owner::Artifact, style, [18.0, foot], digits);
        }
        Ok(())
    }
}
fn main() {
    let mut registry = copiste_renderers::registry();
    registry.register(Registration { name: "foot", choice: None, order: 90, renderer: Box::new(FootNumber) });
    let _press = copiste_renderers::press_with(registry);
}
