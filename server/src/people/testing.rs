//! What the tests of these rooms share.

use copiste_core::model::{Account, AccountRole, PasswordHash};

/// An active account of the exam office.
pub(super) fn account(id: u8, login: &str) -> Account {
    Account {
        id: [id; 16],
        login: login.to_owned(),
        display_name: format!("Personne {id}"),
        role: AccountRole::ExamOfficeManager { entity: None },
        password: PasswordHash(format!("$argon2id$of account {id}")),
        active: true,
        must_change_password: false,
        created_at: 0,
        changed_at: 0,
        line: 1,
    }
}
