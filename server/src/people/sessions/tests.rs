use std::fs;
use std::os::unix::fs::PermissionsExt;

use copiste_core::model::{AccountRole, PasswordHash};
use proptest::prelude::*;
use tempfile::tempdir;

use super::super::testing::account;
use super::*;

fn resumed(sessions: &Sessions, cookie: &str, account: &Account, now: i64) -> Option<Resumed> {
    let of = |id: &[u8; 16]| Ok(Some(account.clone()).filter(|account| account.id == *id));
    sessions.resume(cookie, of, now).unwrap()
}

#[test]
fn a_session_ends_by_disuse_and_by_age() {
    let dir = tempdir().unwrap();
    let sessions = Sessions::open(dir.path(), 0).unwrap();
    let owner = account(1, "office");
    let cookie = sessions.begin(&owner, None, 0).unwrap();
    assert!(resumed(&sessions, cookie.value(), &owner, IDLE_S - 1).is_some());
    assert!(resumed(&sessions, cookie.value(), &owner, 2 * IDLE_S - 2).is_some());
    assert!(resumed(&sessions, cookie.value(), &owner, 3 * IDLE_S - 2).is_none());
    assert!(resumed(&sessions, cookie.value(), &owner, 2 * IDLE_S).is_none(), "it does not come back");

    let cookie = sessions.begin(&owner, None, 0).unwrap();
    let mut now = 0;
    while now + IDLE_S / 2 < ABSOLUTE_S {
        now += IDLE_S / 2;
        assert!(resumed(&sessions, cookie.value(), &owner, now).is_some(), "{now}");
    }
    assert!(resumed(&sessions, cookie.value(), &owner, ABSOLUTE_S).is_none());
}

#[test]
fn only_the_very_cookie_opens_a_session() {
    let dir = tempdir().unwrap();
    let sessions = Sessions::open(dir.path(), 0).unwrap();
    let owner = account(1, "office");
    let cookie = sessions.begin(&owner, None, 0).unwrap();
    let (value, other) = (cookie.value(), sessions.begin(&owner, None, 0).unwrap());
    assert_eq!(value.len(), 43);
    assert_ne!(value, other.value());
    for wrong in ["", &value[1..], &value[..42], &format!("{value} "), &value.to_lowercase()] {
        assert!(resumed(&sessions, wrong, &owner, 1).is_none(), "{wrong}");
    }
    assert!(!format!("{cookie:?}").contains(value));
}

#[test]
fn what_happens_to_the_account_happens_to_its_sessions() {
    let owner = account(1, "office");
    let role = AccountRole::ExamOfficeManager { entity: Some("ER974".to_owned()) };
    for (changed, goes_on, renewed) in [
        (owner.clone(), true, false),
        (Account { display_name: "Autre".to_owned(), line: 9, changed_at: 9, ..owner.clone() }, true, false),
        (Account { role, ..owner.clone() }, true, true),
        (Account { password: PasswordHash("$argon2id$other".to_owned()), ..owner.clone() }, false, false),
        (Account { active: false, ..owner.clone() }, false, false),
        (account(2, "gone"), false, false),
    ] {
        let dir = tempdir().unwrap();
        let sessions = Sessions::open(dir.path(), 0).unwrap();
        let cookie = sessions.begin(&owner, None, 0).unwrap();
        let seen = resumed(&sessions, cookie.value(), &changed, 1);
        assert_eq!(seen.is_some(), goes_on, "{changed:?}");
        let new = seen.and_then(|seen| seen.renewed);
        assert_eq!(new.is_some(), renewed, "{changed:?}");
        if let Some(new) = new {
            assert!(resumed(&sessions, cookie.value(), &changed, 2).is_none());
            assert!(resumed(&sessions, new.value(), &changed, 2).unwrap().renewed.is_none());
            assert!(resumed(&sessions, new.value(), &changed, ABSOLUTE_S).is_none());
        }
        if !goes_on {
            assert!(resumed(&sessions, cookie.value(), &owner, 2).is_none(), "it does not come back");
            let again = Sessions::open(dir.path(), 2).unwrap();
            assert!(resumed(&again, cookie.value(), &owner, 2).is_none(), "nor with a restart");
        }
    }
}

#[test]
fn a_login_and_a_change_of_password_leave_no_earlier_cookie() {
    let dir = tempdir().unwrap();
    let sessions = Sessions::open(dir.path(), 0).unwrap();
    let owner = account(1, "office");
    let first = sessions.begin(&owner, None, 0).unwrap();
    let second = sessions.begin(&owner, Some(first.value()), 1).unwrap();
    assert!(resumed(&sessions, first.value(), &owner, 1).is_none());
    let elsewhere = sessions.begin(&owner, None, 1).unwrap();
    let other = account(2, "other");
    let others = sessions.begin(&other, None, 1).unwrap();
    let changed = Account { password: PasswordHash("$argon2id$new".to_owned()), ..owner };
    let third = sessions.renew(second.value(), &changed, 2).unwrap().unwrap();
    for gone in [&second, &elsewhere] {
        assert!(resumed(&sessions, gone.value(), &changed, 3).is_none());
    }
    assert!(resumed(&sessions, third.value(), &changed, 3).is_some());
    assert!(resumed(&sessions, others.value(), &other, 3).is_some());
    assert!(sessions.renew(second.value(), &changed, 3).unwrap().is_none());
    sessions.end(third.value(), 4).unwrap();
    sessions.end(others.value(), 4).unwrap();
    let again = Sessions::open(dir.path(), 4).unwrap();
    assert!(resumed(&again, third.value(), &changed, 4).is_none());
    assert!(resumed(&again, others.value(), &other, 4).is_none());
}

#[test]
fn an_account_has_sixteen_sessions_and_the_one_least_used_goes() {
    let dir = tempdir().unwrap();
    let sessions = Sessions::open(dir.path(), 0).unwrap();
    let owner = account(1, "office");
    let cookies: Vec<Cookie> =
        (0..OF_ONE_ACCOUNT).map(|at| sessions.begin(&owner, None, at as i64).unwrap()).collect();
    assert!(resumed(&sessions, cookies[0].value(), &owner, 100).is_some());
    sessions.begin(&owner, None, 100).unwrap();
    assert!(resumed(&sessions, cookies[0].value(), &owner, 100).is_some());
    assert!(resumed(&sessions, cookies[1].value(), &owner, 100).is_none());
    assert_eq!(sessions.state().by_cookie.len(), OF_ONE_ACCOUNT);
}

#[test]
fn the_token_of_a_form_belongs_to_one_session_and_outlives_a_restart() {
    let dir = tempdir().unwrap();
    let sessions = Sessions::open(dir.path(), 0).unwrap();
    let owner = account(1, "office");
    let (one, other) = (sessions.begin(&owner, None, 0).unwrap(), sessions.begin(&owner, None, 0).unwrap());
    let token = sessions.form_token(one.value());
    assert!(sessions.form_holds(one.value(), &token));
    for wrong in ["", &token[1..], &sessions.form_token(other.value()), one.value()] {
        assert!(!sessions.form_holds(one.value(), wrong), "{wrong}");
    }
    let again = Sessions::open(dir.path(), 1).unwrap();
    assert!(again.form_holds(one.value(), &token));
    let elsewhere = tempdir().unwrap();
    assert!(!Sessions::open(elsewhere.path(), 1).unwrap().form_holds(one.value(), &token));
}

#[test]
fn the_file_is_for_its_owner_alone_and_holds_no_cookie() {
    let dir = tempdir().unwrap();
    let sessions = Sessions::open(dir.path(), 0).unwrap();
    let owner = account(1, "office");
    let cookie = sessions.begin(&owner, None, 0).unwrap();
    let file = dir.path().join(FILE);
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let text = fs::read_to_string(&file).unwrap();
    for hidden in [cookie.value(), "office", "Personne", "argon2id"] {
        assert!(!text.contains(hidden), "{hidden}");
    }
}

#[test]
fn that_somebody_was_seen_is_written_once_in_five_seconds() {
    let dir = tempdir().unwrap();
    let sessions = Sessions::open(dir.path(), 0).unwrap();
    let owner = account(1, "office");
    let cookie = sessions.begin(&owner, None, 0).unwrap();
    let file = dir.path().join(FILE);
    let at_first = fs::read(&file).unwrap();
    resumed(&sessions, cookie.value(), &owner, WRITE_EVERY_S - 1).unwrap();
    assert_eq!(fs::read(&file).unwrap(), at_first);
    resumed(&sessions, cookie.value(), &owner, WRITE_EVERY_S).unwrap();
    assert_ne!(fs::read(&file).unwrap(), at_first);
    resumed(&sessions, cookie.value(), &owner, WRITE_EVERY_S + 1).unwrap();
    sessions.flush(WRITE_EVERY_S + 1).unwrap();
    let again = Sessions::open(dir.path(), 10).unwrap();
    assert!(resumed(&again, cookie.value(), &owner, WRITE_EVERY_S + IDLE_S).is_some());
}

#[test]
fn a_file_cut_anywhere_or_with_any_byte_changed_costs_sessions_and_nothing_else() {
    let dir = tempdir().unwrap();
    let sessions = Sessions::open(dir.path(), 0).unwrap();
    let owners: Vec<Account> = (1..4).map(|id| account(id, "login")).collect();
    let cookies: Vec<Cookie> = owners.iter().map(|owner| sessions.begin(owner, None, 0).unwrap()).collect();
    let file = dir.path().join(FILE);
    let whole = fs::read(&file).unwrap();
    let look = |bytes: &[u8]| {
        fs::write(&file, bytes).unwrap();
        let again = Sessions::open(dir.path(), 1).unwrap();
        let mine = |(cookie, owner): (&Cookie, &Account)| {
            // Whoever comes in comes in as himself.
            let found = again.state().by_cookie.get(&random::digest(cookie.value())).cloned();
            found.is_some_and(|session| {
                assert_eq!(session.account, owner.id);
                true
            })
        };
        let known = cookies.iter().zip(&owners).filter(|pair| mine(*pair)).count();
        assert_eq!(again.state().by_cookie.len(), known);
        let cookie = again.begin(&owners[0], None, 1).unwrap();
        assert!(resumed(&again, cookie.value(), &owners[0], 1).is_some());
        known
    };
    for length in 0..whole.len() {
        let lines = whole[..length].iter().filter(|byte| **byte == b'\n').count();
        assert_eq!(look(&whole[..length]), lines.saturating_sub(1), "{length}");
    }
    for at in 0..whole.len() {
        let mut changed = whole.clone();
        changed[at] ^= 1;
        assert!(look(&changed) < 3, "{at}");
    }
    assert_eq!(look(&whole), 3);
    assert_eq!(look(&[b'a'; 100_000]), 0);
}

/// What may happen to the sessions of two accounts.
#[derive(Clone, Debug)]
enum Event {
    SignIn(usize),
    Use(usize),
    SignOut(usize),
    Close(usize),
    NewPassword(usize),
    NewRole(usize),
    Restart,
    Pass(i64),
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => (0..2_usize).prop_map(Event::SignIn),
        8 => any::<usize>().prop_map(Event::Use),
        2 => any::<usize>().prop_map(Event::SignOut),
        1 => (0..2_usize).prop_map(Event::Close),
        1 => (0..2_usize).prop_map(Event::NewPassword),
        2 => (0..2_usize).prop_map(Event::NewRole),
        1 => Just(Event::Restart),
        6 => (1..IDLE_S).prop_map(Event::Pass),
        1 => (IDLE_S..ABSOLUTE_S).prop_map(Event::Pass),
    ]
}

/// A session as a reader of the rules would keep it.
struct Told {
    cookie: Cookie,
    owner: usize,
    made: i64,
    used: i64,
    over: bool,
    role: u32,
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    /// However people come, go and change, a cookie opens exactly what the rules say.
    #[test]
    fn sessions_follow_their_rules(events in prop::collection::vec(event(), 1..40)) {
        let dir = tempdir().unwrap();
        let mut now = 0;
        let mut sessions = Sessions::open(dir.path(), now).unwrap();
        let mut owners = [account(1, "one"), account(2, "two")];
        let mut roles = [0_u32; 2];
        let mut told: Vec<Told> = Vec::new();
        for (count, event) in events.into_iter().enumerate() {
            match event {
                // As long as an account has room.
                Event::SignIn(owner) if owners[owner].active && told.len() < OF_ONE_ACCOUNT => {
                    let cookie = sessions.begin(&owners[owner], None, now).unwrap();
                    told.push(Told { cookie, owner, made: now, used: now, over: false, role: roles[owner] });
                }
                Event::Use(at) if !told.is_empty() => {
                    let at = at % told.len();
                    let told = &mut told[at];
                    told.over |= now - told.used >= IDLE_S || now - told.made >= ABSOLUTE_S;
                    let found = resumed(&sessions, told.cookie.value(), &owners[told.owner], now);
                    prop_assert_eq!(found.is_some(), !told.over && owners[told.owner].active);
                    told.over |= !owners[told.owner].active;
                    if let Some(found) = found {
                        prop_assert_eq!(found.account.id, owners[told.owner].id);
                        prop_assert_eq!(found.renewed.is_some(), told.role != roles[told.owner]);
                        told.used = now;
                        told.role = roles[told.owner];
                        if let Some(renewed) = found.renewed {
                            prop_assert!(resumed(&sessions, told.cookie.value(), &found.account, now).is_none());
                            told.cookie = renewed;
                        }
                    }
                }
                Event::SignOut(at) if !told.is_empty() => {
                    let at = at % told.len();
                    sessions.end(told[at].cookie.value(), now).unwrap();
                    told[at].over = true;
                }
                Event::Close(owner) => owners[owner].active = false,
                Event::NewPassword(owner) => {
                    owners[owner].password = PasswordHash(format!("$argon2id${count}"));
                    told.iter_mut().filter(|told| told.owner == owner).for_each(|told| told.over = true);
                }
                Event::NewRole(owner) => {
                    owners[owner].role = AccountRole::ExamOfficeManager { entity: Some(format!("ER{count}")) };
                    roles[owner] += 1;
                }
                Event::Restart => {
                    sessions.flush(now).unwrap();
                    sessions = Sessions::open(dir.path(), now).unwrap();
                }
                Event::Pass(seconds) => now += seconds,
                _ => {}
            }
        }
    }
}
