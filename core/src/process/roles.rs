//! Who may do what: one table (DOMAIN, glossary and *Closing*).

use crate::journal::Role;

/// Something that changes an exam.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Taking a bundle in.
    Import,
    /// Accepting a damaged page by name.
    AcceptDamage,
    /// *Paramétrage fonctionnel*.
    ChangeSettings,
    /// Locking and unlocking batches.
    LockBatches,
    /// Adjusting marks before the validation.
    Harmonise,
    /// Validating the harmonisation, which closes an E3C.
    Validate,
    /// Correcting a final mark.
    CorrectMark,
    /// Closing a one-off exam.
    Close,
    /// Recording that Cyclades has published.
    Publish,
    /// Holding a copy back from purges, or releasing it.
    Hold,
    /// Destroying the copies that may be consulted no longer.
    Purge,
    /// Copying everything, secret and names included.
    Backup,
    /// Making, changing and closing accounts, and taking anybody's tokens back.
    ManageAccounts,
}

/// Somebody acts in a role that may not.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("ROL-001 {who} may not {what}: that is for {}; nothing was changed", .whose)]
pub struct NotAllowed {
    /// The role.
    pub who: &'static str,
    /// The act.
    pub what: &'static str,
    /// Who may.
    pub whose: &'static str,
}

impl Act {
    /// The role it is for.
    pub fn role(self) -> Role {
        match self {
            Act::Harmonise | Act::Validate => Role::AcademicCoordinator,
            Act::Import
            | Act::AcceptDamage
            | Act::ChangeSettings
            | Act::LockBatches
            | Act::CorrectMark
            | Act::Close
            | Act::Publish
            | Act::Hold
            | Act::Purge
            | Act::Backup => Role::ExamOfficeManager,
            Act::ManageAccounts => Role::Administrator,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Act::Import => "import a bundle",
            Act::AcceptDamage => "accept damaged pages",
            Act::ChangeSettings => "change settings",
            Act::LockBatches => "lock or unlock batches",
            Act::Harmonise => "harmonise marks",
            Act::Validate => "validate a harmonisation",
            Act::CorrectMark => "correct a mark",
            Act::Close => "close an exam",
            Act::Publish => "record a publication",
            Act::Hold => "hold or release a copy",
            Act::Purge => "purge copies",
            Act::Backup => "make a backup",
            Act::ManageAccounts => "manage accounts",
        }
    }
}

fn role_name(role: &Role) -> &'static str {
    match role {
        Role::ExamOfficeManager => "the exam office manager",
        Role::AcademicCoordinator => "the academic coordinator",
        Role::School(_) => "a school",
        Role::Administrator => "the administrator",
        Role::System => "the program by itself",
    }
}

/// Whether somebody in this role may do this.
///
/// # Errors
/// [`NotAllowed`] says who may.
pub fn allowed(role: &Role, act: Act) -> Result<(), NotAllowed> {
    let whose = act.role();
    if *role == whose {
        return Ok(());
    }
    Err(NotAllowed { who: role_name(role), what: act.name(), whose: role_name(&whose) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_administrator_manages_accounts_and_nothing_else_and_nobody_else_does() {
        let school = Role::School("9740001H".to_owned());
        for role in [Role::ExamOfficeManager, Role::AcademicCoordinator, school, Role::System] {
            assert!(allowed(&role, Act::ManageAccounts).is_err(), "{role:?}");
        }
        assert!(allowed(&Role::Administrator, Act::ManageAccounts).is_ok());
        for act in [
            Act::Import,
            Act::AcceptDamage,
            Act::ChangeSettings,
            Act::LockBatches,
            Act::Harmonise,
            Act::Validate,
            Act::CorrectMark,
            Act::Close,
            Act::Publish,
            Act::Hold,
            Act::Purge,
            Act::Backup,
        ] {
            assert!(allowed(&Role::Administrator, act).is_err(), "{act:?}");
        }
    }

    #[test]
    fn only_the_exam_office_manager_closes_and_only_the_coordinator_validates() {
        let school = Role::School("9740001H".to_owned());
        for (act, office, coordinator) in [
            (Act::Close, true, false),
            (Act::ChangeSettings, true, false),
            (Act::CorrectMark, true, false),
            (Act::AcceptDamage, true, false),
            (Act::LockBatches, true, false),
            (Act::Publish, true, false),
            (Act::Hold, true, false),
            (Act::Purge, true, false),
            (Act::Backup, true, false),
            (Act::Harmonise, false, true),
            (Act::Validate, false, true),
        ] {
            assert_eq!(allowed(&Role::ExamOfficeManager, act).is_ok(), office, "{act:?}");
            assert_eq!(allowed(&Role::AcademicCoordinator, act).is_ok(), coordinator, "{act:?}");
            assert!(allowed(&school, act).is_err() && allowed(&Role::System, act).is_err(), "{act:?}");
        }
    }
}
