//! Somebody who is known.

use copiste_core::journal::{Actor, Role};
use copiste_core::model::{Account, AccountRole, TokenScopes};

/// How somebody came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Via {
    /// With a cookie.
    Session,
    /// With a token; its id.
    Token([u8; 16]),
}

/// Somebody who is known: an active account as it is now, and how he came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Who {
    /// Whose it is; its role says what he may do and for whom.
    pub account: Account,
    /// How he came in.
    pub via: Via,
    /// What he may do at most: everything with a cookie, what it was made for with a token.
    pub scopes: TokenScopes,
}

impl Who {
    /// The role he acts in.
    pub fn role(&self) -> Role {
        Role::from(&self.account.role)
    }

    /// The same, for the journal: an id, no name.
    pub fn as_actor(&self) -> Actor {
        Actor::of(&self.account)
    }

    /// Whether the copies of a school are among those he may see at all. Which of them (an E3C's
    /// transmitted ones for a school, those of his ER for others) is another question.
    pub fn sees_school(&self, uai: &str) -> bool {
        match &self.account.role {
            AccountRole::ExamOfficeManager { .. } | AccountRole::AcademicCoordinator { .. } => true,
            AccountRole::School { uai: own } => own == uai,
            AccountRole::Administrator => false,
        }
    }

    /// Whether the exams of an ER are among those he may see at all. A school's scope is its UAI.
    pub fn sees_entity(&self, entity: &str) -> bool {
        match &self.account.role {
            AccountRole::ExamOfficeManager { entity: own }
            | AccountRole::AcademicCoordinator { entity: own } => {
                own.as_ref().is_none_or(|own| own == entity)
            }
            AccountRole::School { .. } => true,
            AccountRole::Administrator => false,
        }
    }

    /// What his role is limited to: an ER, a UAI, or nothing.
    pub fn scope(&self) -> Option<&str> {
        match &self.account.role {
            AccountRole::ExamOfficeManager { entity } | AccountRole::AcademicCoordinator { entity } => {
                entity.as_deref()
            }
            AccountRole::School { uai } => Some(uai),
            AccountRole::Administrator => None,
        }
    }

    /// Whether he must choose another password before anything else.
    pub fn must_change_password(&self) -> bool {
        self.account.must_change_password
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::account;
    use super::*;

    #[test]
    fn a_school_sees_itself_an_er_its_own_and_the_administrator_nothing() {
        let er = |own: &str| Some(own.to_owned());
        for (role, school, entity) in [
            (AccountRole::ExamOfficeManager { entity: None }, true, true),
            (AccountRole::ExamOfficeManager { entity: er("ER974") }, true, true),
            (AccountRole::ExamOfficeManager { entity: er("ER976") }, true, false),
            (AccountRole::AcademicCoordinator { entity: er("ER974") }, true, true),
            (AccountRole::AcademicCoordinator { entity: er("ER976") }, true, false),
            (AccountRole::School { uai: "9740001H".to_owned() }, true, true),
            (AccountRole::School { uai: "9740002J".to_owned() }, false, true),
            (AccountRole::Administrator, false, false),
        ] {
            let account = Account { role, ..account(1, "someone") };
            let who = Who { account, via: Via::Session, scopes: TokenScopes::ALL };
            assert_eq!(who.sees_school("9740001H"), school, "{who:?}");
            assert_eq!(who.sees_entity("ER974"), entity, "{who:?}");
            assert_eq!(who.as_actor().name, "01".repeat(16));
        }
    }
}
