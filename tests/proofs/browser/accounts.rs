//! Accounts: made, used, given another password, closed; a token made and taken back.

use copiste_tests::academy::Academy;
use copiste_tests::browser::Browser;
use copiste_tests::http::Ask;
use copiste_tests::needs;
use serde_json::json;

use super::{accounts, sign_in, signed_in};
use crate::http::Served;

/// What is shown once.
fn secret(browser: &Browser) -> String {
    let read = "return document.querySelector('.secret').textContent";
    browser.script(read, &json!([])).as_str().expect("a text").to_owned()
}

#[test]
fn an_administrator_makes_an_account_its_owner_chooses_a_password_and_a_token_works_until_it_is_taken_back() {
    needs!(Browser);
    let academy = Academy::of("--kind one_off --candidates 12 --pages 1 --mix ccitt --seed 321");
    accounts(&academy);
    let served = Served::start(&academy);
    let admin = signed_in(&served, "admin");
    admin.reads("Créer un compte");
    admin.picture("comptes");
    let make = |login: &str, role: &str, scope: &str| {
        admin.go("/comptes");
        admin.fill("Identifiant", login);
        admin.fill("Nom affiché", "Mme Payet <b>");
        admin.click(&format!("#role option[value={role}]"));
        admin.fill("Périmètre", scope);
        admin.press("Créer le compte");
    };
    // A school without its UAI is none, and what was typed is still there.
    make("payet", "school", "");
    admin.reads("Rien n’a été créé");
    make("payet", "exam-office", "ER-REU");
    admin.reads("Le compte payet est créé");
    admin.reads("Mme Payet <b>");
    let given = secret(&admin);
    admin.picture("compte");

    let payet = Browser::open(&format!("http://{}", served.authority));
    payet.go("/");
    sign_in(&payet, "payet", &given);
    payet.reads("choisissez le vôtre avant de continuer");
    payet.fill("Mot de passe actuel", &given);
    payet.fill("Nouveau mot de passe", "tortue verte marine");
    payet.fill("Le même encore une fois", "tortue verte marine");
    payet.press("Changer le mot de passe");
    payet.reads("Tableau de bord");

    admin.fill("Usage (par exemple : téléchargement du soir)", "relevé du soir");
    admin.press("Créer un jeton");
    admin.reads("Le jeton est créé");
    let token = secret(&admin);
    let asked = || served.send(&Ask::get("/api/v1/exams").bearer(&token)).status;
    assert_eq!(asked(), 200);
    admin.press("Retirer le jeton relevé du soir");
    admin.reads("Le jeton est retiré");
    assert_eq!(asked(), 401);

    // Another password, and closed: whoever was signed in is not any more.
    admin.press("Donner un nouveau mot de passe");
    admin.reads("ses sessions sont terminées");
    assert_ne!(secret(&admin), given);
    payet.go("/");
    payet.reads("Se connecter");
    admin.press("Fermer le compte");
    admin.reads("Le compte est fermé");
    sign_in(&payet, "payet", "tortue verte marine");
    payet.reads("Identifiant ou mot de passe incorrect");
    admin.press("Rouvrir le compte");
    admin.reads("Le compte est rouvert");
    admin.press("Journal");
    admin.reads("Compte payet (Mme Payet <b>) : Gestionnaire DEC (ER-REU), fermé");
    admin.reads("Jeton « relevé du soir »");
    admin.picture("journal-des-comptes");
    assert!(!admin.text().contains(&token) && !served.log().contains(&token));
}
