//! What a PDF shows beside the scans.

/// One thing that can be left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Choice {
    /// What the marker wrote and drew on the pages.
    Annotations,
    /// The marker's general comment.
    Appreciation,
    /// The score of each question.
    MarkingDetails,
}

/// Which of the three are shown: eight combinations. The scan is always there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Profile {
    /// *Avec annotations*.
    pub annotations: bool,
    /// *Avec appréciation*.
    pub appreciation: bool,
    /// *Avec détails de la notation*.
    pub marking_details: bool,
}

impl Profile {
    /// Everything is shown.
    pub const FULL: Profile = Profile { annotations: true, appreciation: true, marking_details: true };

    /// Nothing is shown but the scans.
    pub const BARE: Profile = Profile { annotations: false, appreciation: false, marking_details: false };

    /// All eight, the full one first.
    pub fn all() -> [Profile; 8] {
        std::array::from_fn(|bits| Profile {
            annotations: bits & 1 == 0,
            appreciation: bits & 2 == 0,
            marking_details: bits & 4 == 0,
        })
    }

    /// Whether a choice is shown.
    pub fn shows(self, choice: Choice) -> bool {
        match choice {
            Choice::Annotations => self.annotations,
            Choice::Appreciation => self.appreciation,
            Choice::MarkingDetails => self.marking_details,
        }
    }
}
