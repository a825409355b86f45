//! Accounts and tokens from outside: rules, privacy, rebuild, loss.

use std::fs;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use copiste_core::backup::{Under, Watch, backup, restore};
use copiste_core::journal::{AccountContent, Actor, Role, TokenContent};
use copiste_core::model::{AccountRole, PasswordHash, TokenScopes};
use copiste_core::process::acts::By;
use copiste_core::store::{Store, verify};
use sha2::{Digest, Sha256};
use tempfile::tempdir;

use crate::academy::*;
use crate::integrity::{findings, meddle};
use crate::lives;

const NAME: &str = "Quetzalcoatl Payet";
const LOGIN: &str = "quetzalcoatl@ac-reunion.fr";
const HASH: &str = "$argon2id$v=19$m=19456,t=2,p=1$c2VjcmV0c2FsdA$Yggdrasil";
const LABEL: &str = "Relevés du soir";

fn content(login: &str, role: AccountRole) -> AccountContent {
    AccountContent {
        login: login.to_owned(),
        display_name: NAME.to_owned(),
        role,
        password: PasswordHash(HASH.to_owned()),
        active: true,
        must_change_password: false,
    }
}

fn office() -> AccountRole {
    AccountRole::ExamOfficeManager { entity: Some("ER974".to_owned()) }
}

fn token() -> TokenContent {
    TokenContent {
        label: LABEL.to_owned(),
        sha256: Sha256::digest(b"the secret").into(),
        scopes: TokenScopes { read: true, download: true, act: false },
        expires_at: 1000,
        revoked: false,
    }
}

fn administrator() -> Actor {
    Actor::operator(Role::Administrator)
}

fn code<T: std::fmt::Debug>(result: Result<T, impl ToString>) -> String {
    result.unwrap_err().to_string().chars().take(7).collect()
}

/// Three accounts, one of them closed, with a token that was taken back and one that was not.
fn peopled(dir: &Path) -> Store {
    let store = open(dir);
    let actor = administrator();
    let by = |at| By { store: &store, actor: &actor, at };
    by(1).create_account(&[1; 16], &content("admin", AccountRole::Administrator)).unwrap();
    by(2).create_account(&[2; 16], &content(LOGIN, office())).unwrap();
    let school = AccountRole::School { uai: "9740001H".to_owned() };
    by(3).create_account(&[3; 16], &content("lycee-9740001h", school)).unwrap();
    by(4).create_token(&[7; 16], &[2; 16], &token()).unwrap();
    let other = TokenContent { sha256: [9; 32], ..token() };
    by(5).create_token(&[8; 16], &[3; 16], &other).unwrap();
    by(6).revoke_token(&store.token_by_secret(&[9; 32]).unwrap().unwrap()).unwrap();
    by(7).close_account(&store.account(&[3; 16]).unwrap().unwrap()).unwrap();
    store
}

fn people(store: &Store) -> String {
    let hashes: Vec<String> =
        store.accounts().unwrap().into_iter().map(|account| account.password.0).collect();
    format!("{:?} {hashes:?} {:?}", store.accounts().unwrap(), store.tokens().unwrap())
}

#[test]
fn accounts_and_tokens_are_read_as_they_were_put() {
    let dir = tempdir().unwrap();
    let store = peopled(dir.path());
    assert_eq!(store.accounts().unwrap().len(), 3);
    let account = store.account_by_login(LOGIN).unwrap().unwrap();
    assert_eq!((account.id, account.display_name.as_str(), account.created_at), ([2; 16], NAME, 2));
    assert_eq!((&account.role, account.active, account.line), (&office(), true, 2));
    assert_eq!(store.account(&account.id).unwrap(), Some(account));
    assert_eq!(store.account(&[5; 16]).unwrap(), None);
    assert!(!store.account_by_login("lycee-9740001h").unwrap().unwrap().active);
    assert_eq!(store.account_by_login("nobody").unwrap(), None);
    let token = store.token_by_secret(&Sha256::digest(b"the secret").into()).unwrap().unwrap();
    assert_eq!((token.id, token.account, token.revoked, token.expires_at), ([7; 16], [2; 16], false, 1000));
    let revoked = store.token_by_secret(&[9; 32]).unwrap().unwrap();
    assert!(revoked.revoked && revoked.created_at == 5);
    assert_eq!(store.token_by_secret(&[0; 32]).unwrap(), None);
}

#[test]
fn what_is_no_account_is_refused_and_changes_nothing() {
    let dir = tempdir().unwrap();
    let store = peopled(dir.path());
    let before = (people(&store), store.last_line());
    let actor = administrator();
    let by = By { store: &store, actor: &actor, at: 50 };
    let good = || content("someone", office());
    let school = |uai: &str| AccountRole::School { uai: uai.to_owned() };
    let hashed = |hash: &str| AccountContent { password: PasswordHash(hash.to_owned()), ..good() };
    for (wrong, expected) in [
        (content("ab", office()), "ACC-001"),
        (content(&"a".repeat(65), office()), "ACC-001"),
        (content("Someone", office()), "ACC-001"),
        (content("some one", office()), "ACC-001"),
        (content("sömeone", office()), "ACC-001"),
        (content("some/one", office()), "ACC-001"),
        (content(LOGIN, office()), "ACC-002"),
        (AccountContent { display_name: " ".to_owned(), ..good() }, "ACC-004"),
        (AccountContent { display_name: "a\nb".to_owned(), ..good() }, "ACC-004"),
        (AccountContent { display_name: "é".repeat(101), ..good() }, "ACC-004"),
        (content("someone", school("974000H")), "ACC-005"),
        (content("someone", school("9740001h")), "ACC-005"),
        (content("someone", school("")), "ACC-005"),
        (content("someone", AccountRole::AcademicCoordinator { entity: Some(String::new()) }), "ACC-005"),
        (hashed("a password"), "ACC-006"),
        (hashed(""), "ACC-006"),
        (hashed(&format!("$argon2id${}", "a".repeat(600))), "ACC-006"),
    ] {
        assert_eq!(code(by.create_account(&[4; 16], &wrong)), expected, "{wrong:?}");
    }
    // The same login again is free once its account is closed, and not before.
    assert_eq!(code(by.create_account(&[2; 16], &good())), "ACC-011");
    let label = |label: &str| TokenContent { label: label.to_owned(), sha256: [5; 32], ..token() };
    for (id, owner, wrong, expected) in [
        (4, 2, label(""), "ACC-009"),
        (4, 2, TokenContent { expires_at: 50, ..label("a") }, "ACC-009"),
        (4, 2, TokenContent { scopes: TokenScopes::default(), ..label("a") }, "ACC-009"),
        (4, 2, TokenContent { revoked: true, ..label("a") }, "ACC-009"),
        (4, 6, label("a"), "ACC-007"),
        (4, 3, label("a"), "ACC-008"),
        // Another's secret, another secret, another label, and back again.
        (4, 2, token(), "ACC-010"),
        (7, 2, label(LABEL), "ACC-010"),
        (7, 1, token(), "ACC-010"),
        (7, 2, TokenContent { label: "b".to_owned(), ..token() }, "ACC-010"),
        (8, 3, TokenContent { sha256: [9; 32], ..token() }, "ACC-010"),
    ] {
        assert_eq!(code(by.create_token(&[id; 16], &[owner; 16], &wrong)), expected, "{wrong:?}");
    }
    assert_eq!((people(&store), store.last_line()), before);
    by.create_account(&[4; 16], &content("lycee-9740001h", school("9740001H"))).unwrap();
    assert!(store.account_by_login("lycee-9740001h").unwrap().unwrap().active);
    // Whoever was closed cannot come back under a login that another has now.
    let closed = store.account(&[3; 16]).unwrap().unwrap();
    let again = AccountContent { active: true, ..AccountContent::from(&closed) };
    assert_eq!(code(by.change_account(&closed, &again)), "ACC-002");
}

#[test]
fn the_last_active_administrator_stays() {
    let dir = tempdir().unwrap();
    let store = peopled(dir.path());
    let actor = administrator();
    let by = By { store: &store, actor: &actor, at: 50 };
    let admin = store.account(&[1; 16]).unwrap().unwrap();
    assert_eq!(code(by.close_account(&admin)), "ACC-003");
    let demoted = AccountContent { role: office(), ..AccountContent::from(&admin) };
    assert_eq!(code(by.change_account(&admin, &demoted)), "ACC-003");
    by.create_account(&[4; 16], &content("second", AccountRole::Administrator)).unwrap();
    by.close_account(&admin).unwrap();
    assert_eq!(code(by.close_account(&store.account(&[4; 16]).unwrap().unwrap())), "ACC-003");
}

#[test]
fn only_an_administrator_manages_accounts_and_everyone_his_own_password_and_tokens() {
    let dir = tempdir().unwrap();
    let store = peopled(dir.path());
    let owner = store.account(&[2; 16]).unwrap().unwrap();
    let own = Actor::of(&owner);
    let by = By { store: &store, actor: &own, at: 50 };
    let admin = store.account(&[1; 16]).unwrap().unwrap();
    assert_eq!(code(by.create_account(&[4; 16], &content("someone", office()))), "ROL-001");
    assert_eq!(code(by.close_account(&owner)), "ROL-001");
    assert_eq!(code(by.set_password(&admin, PasswordHash(HASH.to_owned()))), "ROL-001");
    assert_eq!(code(by.create_token(&[4; 16], &[1; 16], &token())), "ROL-001");
    let other = PasswordHash(format!("{HASH}2"));
    by.set_password(&owner, other.clone()).unwrap();
    let after = store.account(&[2; 16]).unwrap().unwrap();
    assert_eq!((&after.password, after.must_change_password, after.changed_at), (&other, false, 50));
    // Somebody who still has the account as it was is told.
    let by = By { actor: &administrator(), ..by };
    assert_eq!(code(by.close_account(&owner)), "ACC-011");
    by.set_password(&after, PasswordHash(HASH.to_owned())).unwrap();
    assert!(store.account(&[2; 16]).unwrap().unwrap().must_change_password);
    // Said twice it is so already.
    let seen = store.account(&[2; 16]).unwrap().unwrap();
    assert_eq!(by.set_password(&seen, PasswordHash(HASH.to_owned())).unwrap().line, None);
}

#[test]
fn the_journal_has_no_login_name_hash_or_label() {
    let dir = tempdir().unwrap();
    drop(peopled(dir.path()));
    let journal = fs::read_to_string(dir.path().join("journal.jsonl")).unwrap();
    assert_eq!(journal.lines().count(), 7);
    let secret = copiste_core::journal::hex::encode(&Sha256::digest(b"the secret"));
    for hidden in [NAME, LOGIN, HASH, LABEL, "argon2", "admin\"", "lycee", secret.as_str()] {
        assert!(!journal.contains(hidden), "{hidden}");
    }
}

struct Nobody;
impl Watch for Nobody {
    fn begin(&self, _: u64, _: u64) {}
    fn advance(&self, _: u64) {}
}

#[test]
fn a_rebuild_and_a_restore_give_the_same_accounts_and_verify_agrees() {
    let dir = tempdir().unwrap();
    let data = dir.path().join("data");
    let store = peopled(&data);
    import(&store, &Bundle::of("E1", &["001"]), 8);
    let before = people(&store);
    assert_eq!(verify(&store).unwrap().findings, []);
    let file = dir.path().join("backup.zip");
    let under = Under { watch: &Nobody, cancel: &AtomicBool::new(false) };
    backup(&store, &file, 9, &under).unwrap();
    drop(store);
    fs::remove_dir_all(data.join("db")).unwrap();
    let store = Store::replay_all(&data, &options()).unwrap();
    assert_eq!(people(&store), before);
    assert_eq!(verify(&store).unwrap().findings, []);
    let restored = dir.path().join("restored");
    restore(&file, &restored, &options(), &under).unwrap();
    let store = open(&restored);
    assert_eq!(people(&store), before);
    assert_eq!(verify(&store).unwrap().findings, []);
}

#[test]
fn a_purge_leaves_accounts_and_tokens_as_they_are() {
    let dir = tempdir().unwrap();
    drop(peopled(dir.path()));
    let before = people(&open(dir.path()));
    let (store, _) = lives::purged(lives::lived(dir.path()));
    assert_eq!(people(&store), before);
    assert_eq!(verify(&store).unwrap().findings, []);
    drop(store);
    assert_eq!(people(&open(dir.path())), before);
}

#[test]
fn accounts_that_the_database_lost_or_that_were_changed_in_it_are_noticed() {
    for (first, what) in [(b'a', "accounts"), (b't', "tokens")] {
        let dir = tempdir().unwrap();
        drop(peopled(dir.path()));
        meddle(dir.path(), "accounts", |tree| {
            let key = tree.scan_prefix([first]).keys().next().unwrap().unwrap();
            tree.remove(key).unwrap();
        });
        let error = Store::open(dir.path(), &options()).err().unwrap().to_string();
        assert!(error.starts_with("STO-006") && error.contains(what), "{error}");
    }
    let dir = tempdir().unwrap();
    drop(peopled(dir.path()));
    meddle(dir.path(), "accounts", |tree| {
        let record = |id: u8| tree.get([&b"a"[..], &[id; 16]].concat()).unwrap().unwrap();
        tree.insert([&b"a"[..], &[2; 16]].concat(), record(1)).unwrap();
    });
    let found = findings(dir.path()).join("\n");
    assert!(found.contains("STO-043 account 0202"), "{found}");
    assert!(found.contains("STO-045 1 of the accounts"), "{found}");
    assert!(!found.contains(LOGIN), "{found}");
}
