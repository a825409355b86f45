//! Making editions: renderers draw, the composer composes.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::{Choice, Copy, HalfEm, Measure, Profile, Registration, Registry};
use crate::journal::Timestamp;
use crate::model::{ArchivedAnnotation, ArchivedCandidate, ArchivedExam, ArchivedSchool, ArchivedScript};
use crate::rope::Rope;

/// What a copy is drawn from, straight from the records.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    /// The exam.
    pub exam: &'a ArchivedExam,
    /// The candidate's school.
    pub school: &'a ArchivedSchool,
    /// The candidate.
    pub candidate: &'a ArchivedCandidate,
    /// The script.
    pub script: &'a ArchivedScript,
    /// The script's annotations, wherever they are kept.
    pub annotations: &'a [ArchivedAnnotation],
    /// Since when the script may be rendered: seconds since 1970, UTC. The document's date.
    pub renderable_at: Timestamp,
}

/// Why one copy could not be made.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// A renderer could not draw.
    #[error("PDF-001 renderer {renderer} cannot draw: {detail}")]
    Draw {
        /// Its name.
        renderer: &'static str,
        /// What happened, no personal data.
        detail: String,
    },
    /// The composer could not compose.
    #[error("PDF-002 the copy cannot be composed: {detail}")]
    Compose {
        /// What happened, no personal data.
        detail: String,
    },
}

/// Turns a drawn copy into a rope.
pub trait Composer: Send + Sync {
    /// Composes. `rope` comes empty; its [`Rope::tail`] must carry a digest of all that comes
    /// before it, so that a file with the same tail and length is the same edition.
    ///
    /// # Errors
    /// [`RenderError`] when this copy cannot be composed.
    fn compose(
        &self,
        subject: &Subject<'_>,
        profile: Profile,
        copy: &Copy,
        rope: &mut Rope,
    ) -> Result<(), RenderError>;

    /// Raised whenever the same copy is composed otherwise than before, as [`super::Renderer::version`].
    fn version(&self) -> &str {
        "1"
    }

    /// How wide words will be, so that renderers can break them into lines. A composer that sets
    /// words in real fonts says so here; otherwise a character counts half an em.
    fn measure(&self) -> Arc<dyn Measure> {
        Arc::new(HalfEm)
    }
}

/// Renderers and a composer: what makes editions. Shared by all workers.
pub struct Press {
    registry: Registry,
    composer: Box<dyn Composer>,
    measure: Arc<dyn Measure>,
}

/// One worker's buffers, cleared and used again for each copy.
#[derive(Default)]
pub struct Desk {
    copy: Copy,
    rope: Rope,
}

impl Press {
    /// A press with these renderers and this composer.
    pub fn new(registry: Registry, composer: Box<dyn Composer>) -> Press {
        let measure = composer.measure();
        Press { registry, composer, measure }
    }

    /// The renderers.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Names what makes editions: renderers with what they declare and their versions, and the composer's.
    /// A press that makes other bytes of the same script has another one, as far as versions tell the truth.
    pub fn identity(&self) -> [u8; 32] {
        let mut hash = Sha256::new_with_prefix(b"copiste press 1");
        let mut text = |text: &str| {
            hash.update((text.len() as u64).to_le_bytes());
            hash.update(text);
        };
        text(self.composer.version());
        for Registration { name, choice, order, renderer } in self.registry.entries() {
            text(name);
            text(&format!("{choice:?} {order}"));
            text(renderer.version());
        }
        hash.finalize().into()
    }

    /// Makes the edition of one script under a profile. The rope belongs to the desk and is
    /// replaced by the next edition; whoever wants to keep it leaves another in its place.
    ///
    /// # Errors
    /// [`RenderError`] when a renderer or the composer cannot do this copy.
    pub fn edition<'d>(
        &self,
        subject: &Subject<'_>,
        profile: Profile,
        desk: &'d mut Desk,
    ) -> Result<&'d mut Rope, RenderError> {
        self.draw(subject, profile, desk)?;
        self.composer.compose(subject, profile, &desk.copy, &mut desk.rope)?;
        Ok(&mut desk.rope)
    }

    /// Makes a document of one page of the script alone (from 1), with nothing on it that may be left out: what
    /// the copy shows of the scan. None when the script has no such page.
    ///
    /// # Errors
    /// As [`Press::edition`].
    pub fn page<'d>(
        &self,
        subject: &Subject<'_>,
        number: u32,
        desk: &'d mut Desk,
    ) -> Result<Option<&'d mut Rope>, RenderError> {
        self.draw(subject, Profile::BARE, desk)?;
        let Some(sheet) = desk.copy.page(number) else { return Ok(None) };
        desk.copy.keep_only(sheet);
        self.composer.compose(subject, Profile::BARE, &desk.copy, &mut desk.rope)?;
        Ok(Some(&mut desk.rope))
    }

    /// What the renderers of one choice draw, on the sheets of the copy as they would find them, and nothing of
    /// what lies under or over it.
    ///
    /// # Errors
    /// [`RenderError`] when a renderer cannot do this copy.
    pub fn layer<'d>(
        &self,
        subject: &Subject<'_>,
        choice: Choice,
        desk: &'d mut Desk,
    ) -> Result<&'d Copy, RenderError> {
        self.draw(subject, Profile::BARE, desk)?;
        desk.copy.wipe();
        for entry in self.registry.entries().iter().filter(|entry| entry.choice == Some(choice)) {
            entry.renderer.draw(subject, &mut desk.copy)?;
        }
        Ok(&desk.copy)
    }

    fn draw(&self, subject: &Subject<'_>, profile: Profile, desk: &mut Desk) -> Result<(), RenderError> {
        desk.copy.clear();
        desk.copy.measure_with(&self.measure);
        desk.rope.clear();
        self.registry.chosen(profile).try_for_each(|entry| entry.renderer.draw(subject, &mut desk.copy))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::{Choice, Renderer};

    struct Numbered(&'static str);

    impl Renderer for Numbered {
        fn draw(&self, _: &Subject<'_>, _: &mut Copy) -> Result<(), RenderError> {
            Ok(())
        }
        fn version(&self) -> &str {
            self.0
        }
    }

    impl Composer for Numbered {
        fn compose(&self, _: &Subject<'_>, _: Profile, _: &Copy, _: &mut Rope) -> Result<(), RenderError> {
            Ok(())
        }
        fn version(&self) -> &str {
            self.0
        }
    }

    #[test]
    fn whatever_is_declared_of_a_press_names_it() {
        let identity = |composer, renderers: &[(&'static str, Option<Choice>, i32, &'static str)]| {
            let mut registry = Registry::new();
            for (name, choice, order, version) in renderers.iter().copied() {
                let renderer = Box::new(Numbered(version));
                registry.register(Registration { name, choice, order, renderer });
            }
            Press::new(registry, Box::new(Numbered(composer))).identity()
        };
        let base = identity("1", &[("a", None, 0, "1"), ("b", None, 1, "1")]);
        assert_eq!(identity("1", &[("b", None, 1, "1"), ("a", None, 0, "1")]), base);
        let others = [
            identity("2", &[("a", None, 0, "1"), ("b", None, 1, "1")]),
            identity("1", &[("a", None, 0, "2"), ("b", None, 1, "1")]),
            identity("1", &[("a", None, 2, "1"), ("b", None, 1, "1")]),
            identity("1", &[("a", Some(Choice::Annotations), 0, "1"), ("b", None, 1, "1")]),
            identity("1", &[("a", None, 0, "1"), ("c", None, 1, "1")]),
            identity("1", &[("a", None, 0, "1")]),
        ];
        assert!(others.iter().all(|other| *other != base));
    }
}
