//! Who acts, and in which role.

use serde::{Deserialize, Serialize};

/// The role someone acts in (DOMAIN, glossary).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// *Gestionnaire DEC*.
    ExamOfficeManager,
    /// *Coordinateur académique*.
    AcademicCoordinator,
    /// *Établissement*, by its UAI.
    School(String),
    /// The program by itself, such as the inspection in the background.
    System,
}

/// Who acts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Actor {
    /// A login, or `operator` for the command line. Never a candidate's name.
    pub name: String,
    /// In which role.
    pub role: Role,
}

impl Actor {
    /// Whoever works on the command line, in the role the command needs.
    pub fn operator(role: Role) -> Actor {
        Actor { name: "operator".to_owned(), role }
    }
}
