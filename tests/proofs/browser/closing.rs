//! A one-off exam's closing: what is missing, accepted, launched, failed, relaunched, published, refused.

use copiste_tests::academy::Academy;
use copiste_tests::needs;
use copiste_tests::stand_ins::StandIns;

use super::{accounts, served, signed_in};

#[test]
fn an_exam_office_closes_fails_relaunches_and_is_refused_after_the_publication_by_clicking() {
    needs!(Browser);
    let academy = Academy::of(
        "--kind one_off --candidates 30 --pages 2 --mix ccitt --schools 2 --unfinished --seed 301",
    );
    accounts(&academy);
    let stand_ins = StandIns::start(&academy.path("stand-ins"), "301", &[]);
    let exam = copiste_tests::academy::exam_of(&academy.bundle());
    let office = {
        let served = served(&academy, &stand_ins);
        let office = signed_in(&served, "office");
        // What is missing is named, and leads to where one sees to it.
        office.press("Clôture : 0 %");
        office.reads("Il manque encore");
        office.press("Clôture");
        office.reads("La clôture attend la fin de");
        assert!(!office.says("J’ai lu ce qui sera envoyé"));
        office.press("Essai à blanc : voir ce qui partirait, sans rien envoyer");
        office.reads("Rien n’a été envoyé");
        office.reads("Ce qui retient la clôture");
        office.reads("répond");
        office.picture("essai");
        office.go(&format!("/epreuves/{exam}"));
        office.reads("pages endommagées : 1");
        office.picture("epreuve");
        // The damaged page: from its candidate to the form, with the page chosen.
        office.click("#numerisation li:has(a[href*='accepter']) a");
        office.fill("Motif", "feuille déchirée, vue avec le centre");
        office.press("Accepter");
        office.reads("C’est accepté");
        assert!(!office.says("pages endommagées"));
        office.press("Journal");
        office.reads("feuille déchirée, vue avec le centre");
        office.picture("journal");
        assert_eq!(office.complaints(), Vec::<String>::new());
        // The rest is for whoever has the command line: batches are locked where they are marked.
        drop(served);
        office
    };
    drop(office);

    let ready = Academy::of("--kind one_off --candidates 30 --pages 2 --mix ccitt --schools 2 --seed 302");
    accounts(&ready);
    let stand_ins = StandIns::start(&ready.path("stand-ins"), "302", &["500@imagin:1000"]);
    let served = served(&ready, &stand_ins);
    let office = signed_in(&served, "office");
    let exam = copiste_tests::academy::exam_of(&ready.bundle());
    office.go(&format!("/epreuves/{exam}/cloture"));
    office.reads("Rien n’a encore été envoyé");
    office.reads("non réalisée");
    let launch = |title: &str| {
        office.tick("J’ai lu ce qui sera envoyé et je lance l’envoi.");
        office.press(title);
    };
    // Without the tick nothing leaves.
    office.press("Clôturer");
    assert_eq!(stand_ins.requests("cyclades", "chunk"), 0);
    launch("Clôturer");
    office.reads("en échec");
    office.reads("Relancer IMAG’IN");
    assert!(office.says("réalisée") && !office.says("non réalisée"), "{}", office.text());
    office.picture("cloture-imagin-en-echec");
    let rows = stand_ins.rows("cyclades", &exam).len();
    assert!(rows > 0 && stand_ins.rows("imagin", &exam).is_empty());
    stand_ins.clear_faults();
    launch("Relancer IMAG’IN");
    office.reads("Relancer tout");
    assert!(!stand_ins.rows("imagin", &exam).is_empty());
    assert_eq!(stand_ins.requests("cyclades", "commit"), 1, "what was accepted is not sent again");
    launch("Relancer tout");
    office.reads("Le nouvel envoi remplace le précédent");
    assert_eq!(stand_ins.rows("cyclades", &exam).len(), rows, "a relaunch adds nothing");
    stand_ins.publish(&exam);
    launch("Relancer tout");
    office.reads("publi");
    office.go(&format!("/epreuves/{exam}/cloture"));
    office.reads("Cyclades a publié : plus rien ne peut être envoyé");
    assert!(!office.says("J’ai lu ce qui sera envoyé"));
    office.picture("cloture-publiee");
    assert_eq!(office.complaints(), Vec::<String>::new());
}

#[test]
fn settings_are_changed_by_clicking_and_those_of_an_e3c_say_why_not() {
    needs!(Browser);
    let academy = Academy::empty();
    let small = ["--candidates", "12", "--pages", "1", "--mix", "ccitt", "--seed", "303"];
    let one_off = crate::http::imported(&academy, "one-off", &[&["--kind", "one_off"], &small[..]].concat());
    let common =
        crate::http::imported(&academy, "common", &[&["--kind", "common_assessment"], &small[..]].concat());
    accounts(&academy);
    let stand_ins = StandIns::start(&academy.path("stand-ins"), "303", &[]);
    let served = served(&academy, &stand_ins);
    let office = signed_in(&served, "office");
    office.picture("tableau-de-bord");
    office.press("Paramétrage fonctionnel");
    office.reads("Export Absences (2)");
    office.picture("parametrage-de-toutes");
    office.go(&format!("/epreuves/{one_off}/parametrage"));
    office.reads("Export Absences (1)");
    office.tick("Export Absences");
    office.tick("Avec annotations");
    office.press("Enregistrer");
    office.reads("Les paramètres sont enregistrés");
    office.picture("parametrage");
    let settings = |exam: &str| {
        let status = academy.copiste("settings", &[&exam, &"--json"]).expect(0).json();
        (status["export_absences"].clone(), status["render_annotations"].clone())
    };
    office.go("/parametrage");
    // Each exam has its own value now.
    assert_eq!(office.text().matches("Export Absences (1)").count(), 2, "{}", office.text());
    office.go(&format!("/epreuves/{common}/parametrage"));
    office.reads("Les paramètres d’un E3C ne peuvent pas être changés");
    assert_eq!(office.count("input[type=checkbox]"), 0);
    assert_eq!(office.complaints(), Vec::<String>::new());
    drop(served);
    assert_eq!(settings(&one_off), (true.into(), false.into()));
}
