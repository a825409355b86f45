use copiste_core::intake;
use copiste_core::journal::{AccountContent, Actor, Role, TokenContent};
use copiste_core::model::{AccountRole, PasswordHash};
use copiste_core::store::OpenOptions;
use tempfile::{TempDir, tempdir};

use super::super::first_administrator;
use super::*;

const PASSWORD: &str = "cheval exact pile agrafe";

fn opened(dir: &TempDir) -> People {
    let options = OpenOptions::new(intake::load, || Ok([7; 32]));
    People::open(Arc::new(Store::open(dir.path(), &options).unwrap()), 0).unwrap()
}

fn peer(last: u8) -> IpAddr {
    IpAddr::from([192, 0, 2, last])
}

/// A data directory with one account of the exam office.
fn office(dir: &TempDir) -> People {
    let people = opened(dir);
    let content = AccountContent {
        login: "office".to_owned(),
        display_name: "Bureau".to_owned(),
        role: AccountRole::ExamOfficeManager { entity: None },
        password: people.passwords.hash(PASSWORD.as_bytes()).unwrap(),
        active: true,
        must_change_password: false,
    };
    let actor = Actor::operator(Role::Administrator);
    By { store: &people.store, actor: &actor, at: 0 }.create_account(&[1; 16], &content).unwrap();
    people
}

fn code<T>(result: Result<T, PeopleError>) -> String {
    result.err().expect("a refusal").to_string().chars().take(7).collect()
}

#[test]
fn the_first_start_makes_an_administrator_who_must_choose_a_password_and_the_second_does_not() {
    let dir = tempdir().unwrap();
    let people = opened(&dir);
    let (login, password) = first_administrator(&people.store, &people.passwords, 0).unwrap().unwrap();
    assert!(first_administrator(&people.store, &people.passwords, 1).unwrap().is_none());
    let signed = people.sign_in(&login, &password, peer(1), None, 2).unwrap();
    assert!(signed.who.must_change_password() && signed.who.role() == Role::Administrator);
    let cookie = signed.cookie.unwrap();
    let change =
        |old: &str, new: &str| people.change_password(&signed.who, cookie.value(), (old, new), peer(1), 3);
    assert_eq!(code(change("not the password", PASSWORD)), "ACC-021");
    assert_eq!(code(change(&password, "too short")), "ACC-020");
    assert_eq!(code(change(&password, &password)), "ACC-027");
    let renewed = change(&password, PASSWORD).unwrap().unwrap();
    assert!(people.by_cookie(cookie.value(), 4).unwrap().is_none());
    let again = people.by_cookie(renewed.value(), 4).unwrap().unwrap();
    assert!(!again.who.must_change_password());
    assert_eq!(code(people.sign_in(&login, &password, peer(1), None, 5)), "ACC-021");
    people.sign_in(&login, PASSWORD, peer(1), None, 5).unwrap();
    let journal = std::fs::read_to_string(dir.path().join("journal.jsonl")).unwrap();
    for hidden in ["\"admin\"", password.as_str(), PASSWORD, "argon2", "Administrateur"] {
        assert!(!journal.contains(hidden), "{hidden}");
    }
}

#[test]
fn unknown_closed_and_wrong_are_told_alike_and_failures_are_counted_for_all() {
    let dir = tempdir().unwrap();
    let people = office(&dir);
    let sign_in =
        |login: &str, password: &str, from: u8| people.sign_in(login, password, peer(from), None, 10);
    let told = |login: &str, password: &str, from| sign_in(login, password, from).unwrap_err().to_string();
    let wrong = told("office", "not the password", 1);
    assert_eq!(told("nobody", PASSWORD, 2), wrong);
    assert_eq!(told("", "", 3), wrong);
    assert_eq!(told("office", &"a".repeat(100_000), 4), wrong);
    let cookie = sign_in("office", PASSWORD, 5).unwrap().cookie.unwrap();
    people.sign_out(cookie.value(), 11).unwrap();
    assert!(people.by_cookie(cookie.value(), 11).unwrap().is_none());
    for (login, first) in [("office", 10), ("nobody", 20)] {
        for from in first..first + 5 {
            let _ = told(login, "not the password", from);
        }
        assert_eq!(code(sign_in(login, PASSWORD, first + 9)), "ACC-022", "{login}");
    }
    let account = people.store.account(&[1; 16]).unwrap().unwrap();
    let actor = Actor::operator(Role::Administrator);
    By { store: &people.store, actor: &actor, at: 20 }.close_account(&account).unwrap();
    let later = people.sign_in("office", PASSWORD, peer(30), None, 10_000);
    assert_eq!(later.unwrap_err().to_string(), wrong);
}

#[test]
fn a_session_survives_a_restart_and_ends_with_its_account() {
    let dir = tempdir().unwrap();
    let people = office(&dir);
    let cookie = people.sign_in("office", PASSWORD, peer(1), None, 0).unwrap().cookie.unwrap();
    people.flush(1).unwrap();
    drop(people);
    let people = opened(&dir);
    let who = people.by_cookie(cookie.value(), 2).unwrap().unwrap().who;
    assert_eq!((who.account.login.as_str(), who.via), ("office", Via::Session));
    let actor = Actor::operator(Role::Administrator);
    By { store: &people.store, actor: &actor, at: 3 }.close_account(&who.account).unwrap();
    assert!(people.by_cookie(cookie.value(), 4).unwrap().is_none());
}

#[test]
fn a_token_is_good_for_what_it_was_made_until_it_is_over() {
    let dir = tempdir().unwrap();
    let people = office(&dir);
    let secret = TokenSecret::new().unwrap();
    let scopes = TokenScopes { read: true, ..TokenScopes::default() };
    let content = TokenContent {
        label: "relevés".to_owned(),
        sha256: secret.sha256(),
        scopes,
        expires_at: 100,
        revoked: false,
    };
    let actor = Actor::operator(Role::Administrator);
    let by = |at| By { store: &people.store, actor: &actor, at };
    by(1).create_token(&[9; 16], &[1; 16], &content).unwrap();
    let who = people.by_token(secret.shown(), 99).unwrap().unwrap();
    assert_eq!((who.via, who.scopes, who.account.id), (Via::Token([9; 16]), scopes, [1; 16]));
    assert!(people.by_token(secret.shown(), 100).unwrap().is_none());
    assert!(people.by_token(TokenSecret::new().unwrap().shown(), 2).unwrap().is_none());
    assert!(people.by_token("cop_", 2).unwrap().is_none());
    // Whoever must choose another password does that first, and a token is no way round.
    let account = people.store.account(&[1; 16]).unwrap().unwrap();
    by(3).set_password(&account, PasswordHash("$argon2id$other".to_owned())).unwrap();
    assert!(people.by_token(secret.shown(), 4).unwrap().is_none());
    let account = people.store.account(&[1; 16]).unwrap().unwrap();
    let calm = AccountContent { must_change_password: false, ..AccountContent::from(&account) };
    by(5).change_account(&account, &calm).unwrap();
    assert!(people.by_token(secret.shown(), 6).unwrap().is_some());
    by(7).revoke_token(&people.store.token_by_secret(&secret.sha256()).unwrap().unwrap()).unwrap();
    assert!(people.by_token(secret.shown(), 8).unwrap().is_none());
}
