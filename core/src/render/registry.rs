//! Which renderers there are.

use super::{Choice, Copy, Profile, RenderError, Subject};

/// Draws one kind of thing on a copy.
pub trait Renderer: Send + Sync {
    /// Adds sheets or draws on those that are there.
    ///
    /// The same subject must give the same drawing: no clock, no environment, no randomness.
    ///
    /// # Errors
    /// [`RenderError`] when this copy cannot be drawn; the others go on.
    fn draw(&self, subject: &Subject<'_>, copy: &mut Copy) -> Result<(), RenderError>;

    /// Raised whenever the same subject is drawn otherwise than before: plans of archives are kept for one
    /// version of every renderer.
    fn version(&self) -> &str {
        "1"
    }
}

/// A renderer with what it declares of itself.
pub struct Registration {
    /// Its name, unique in a registry.
    pub name: &'static str,
    /// The option it answers to; none means always.
    pub choice: Option<Choice>,
    /// When it draws: lower first. The scan is 0.
    pub order: i32,
    /// The renderer.
    pub renderer: Box<dyn Renderer>,
}

/// The renderers of a press, in drawing order.
#[derive(Default)]
pub struct Registry {
    entries: Vec<Registration>,
}

impl Registry {
    /// A registry without renderers.
    pub fn new() -> Registry {
        Registry::default()
    }

    /// Adds a renderer; one of the same name is replaced.
    pub fn register(&mut self, registration: Registration) {
        self.entries.retain(|entry| entry.name != registration.name);
        let at = self.entries.partition_point(|entry| entry.order <= registration.order);
        self.entries.insert(at, registration);
    }

    /// All of them, in drawing order.
    pub fn entries(&self) -> &[Registration] {
        &self.entries
    }

    /// Those that a profile asks for, in drawing order.
    pub fn chosen(&self, profile: Profile) -> impl Iterator<Item = &Registration> {
        self.entries.iter().filter(move |entry| entry.choice.is_none_or(|choice| profile.shows(choice)))
    }
}
