//! Who acts, and in which role.

use serde::{Deserialize, Serialize};

use super::hex;
use crate::model::{Account, AccountRole};

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
    /// Makes accounts; sees no copy and closes nothing.
    Administrator,
    /// The program by itself, such as the inspection in the background.
    System,
}

/// Who acts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Actor {
    /// The id of an account, or `operator` for the command line. Never anybody's name.
    pub name: String,
    /// In which role.
    pub role: Role,
}

impl Actor {
    /// Whoever works on the command line, in the role the command needs.
    pub fn operator(role: Role) -> Actor {
        Actor { name: "operator".to_owned(), role }
    }

    /// Whoever an account belongs to, in its role.
    pub fn of(account: &Account) -> Actor {
        Actor { name: hex::encode(&account.id), role: Role::from(&account.role) }
    }

    /// Whether it is the owner of an account.
    pub fn owns(&self, account: &[u8; 16]) -> bool {
        self.name == hex::encode(account)
    }
}

impl From<&AccountRole> for Role {
    fn from(role: &AccountRole) -> Role {
        match role {
            AccountRole::ExamOfficeManager { .. } => Role::ExamOfficeManager,
            AccountRole::AcademicCoordinator { .. } => Role::AcademicCoordinator,
            AccountRole::School { uai } => Role::School(uai.clone()),
            AccountRole::Administrator => Role::Administrator,
        }
    }
}
