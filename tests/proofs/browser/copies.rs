//! Copies: searched, taken as a PDF and as a ZIP saved to disk, and what a school sees of an E3C.

use std::fs;

use copiste_tests::academy::{Academy, lines};
use copiste_tests::command::run;
use copiste_tests::needs;
use copiste_tests::stand_ins::StandIns;
use serde_json::Value;

use super::{accounts, served, signed_in};
use crate::http::{account, imported};

#[test]
fn the_pdf_and_the_zip_that_a_browser_saves_are_those_that_render_writes() {
    needs!(Browser, Qpdf, Unzip);
    let academy = Academy::of("--kind one_off --candidates 30 --pages 2 --mix all --schools 2 --seed 311");
    accounts(&academy);
    let exam = copiste_tests::academy::exam_of(&academy.bundle());
    academy.copiste("close", &[&exam]).expect(0);
    let zip = academy.path("copies.zip");
    academy.copiste("render", &[&exam, &"--out", &zip]).expect(0);
    let folder = academy.rendered("out", &[]);
    let stand_ins = StandIns::start(&academy.path("stand-ins"), "311", &[]);
    let served = served(&academy, &stand_ins);
    let office = signed_in(&served, "office");
    office.press("Éditer les copies");
    let scripts = lines(&academy.bundle(), "scripts.jsonl");
    office.reads(&format!("Télécharger {} copies", scripts.len()));
    office.picture("copies");
    // As one types: without accents, by the beginnings of words.
    let people = lines(&academy.bundle(), "candidates.jsonl");
    let wanted = people.iter().find(|one| scripts.iter().any(|script| script["candidate"] == one["number"]));
    let wanted = wanted.expect("somebody with a copy");
    let text = |name: &str| wanted[name].as_str().expect("a text").to_owned();
    office.fill("Nom, prénom ou n° candidat", &text("number"));
    office.press("Chercher");
    office.reads(&text("last_name"));
    assert_eq!(office.count("#resultats tbody tr"), 1);
    office.press(&format!("PDF de la copie {}", text("number")));
    let saved = office.downloaded(".pdf");
    run("qpdf", &[&"--check", &saved]).expect(0);
    let name = saved.file_name().expect("a name").to_owned();
    assert!(name.to_string_lossy().contains(&text("number")), "{name:?}");
    let same = copiste_tests::academy::pdfs(&folder).into_iter().find(|path| path.ends_with(&name));
    let same = same.unwrap_or_else(|| panic!("render writes no {name:?}"));
    assert!(fs::read(&saved).expect("a PDF") == fs::read(same).expect("a PDF"), "the same bytes");
    office.click(".telechargement a.bouton");
    let saved = office.downloaded(".zip");
    run("unzip", &[&"-tq", &saved]).expect(0);
    assert!(fs::read(&saved).expect("a ZIP") == fs::read(&zip).expect("a ZIP"), "the same bytes");
    // What is left out is asked for by ticking, and the link follows.
    office.go(&format!("/epreuves/{exam}/copies"));
    office.tick("les annotations");
    office.press("Appliquer");
    let link = office.script(
        "return document.querySelector('.telechargement a.bouton').getAttribute('href')",
        &Value::Array(Vec::new()),
    );
    assert!(link.as_str().is_some_and(|link| link.contains("without=annotations")), "{link}");
    // The viewer: the copy over its scan, page by page, and the final mark corrected with a reason.
    office.go(&format!("/epreuves/{exam}/copies?q={}", text("number")));
    office.click("#resultats tbody th a");
    office.reads("Page 1 sur 2");
    office.press("Page suivante →");
    office.reads("Page 2 sur 2");
    let drawn = "const image = document.querySelector('.feuille img'); return image.complete && image.naturalWidth > 0";
    let began = std::time::Instant::now();
    while office.script(drawn, &Value::Array(Vec::new())) != true {
        assert!(began.elapsed().as_secs() < 60, "the picture of the page does not come");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    office.press("Agrandir");
    office.picture("visionneuse");
    office.press("Corriger la note finale");
    office.fill("Nouvelle note sur 20", "17,25");
    office.fill("Motif", "erreur de report");
    office.press("Corriger la note");
    office.reads("une note de cette épreuve va de 0 à 20, par pas de 1");
    office.press("Corriger la note finale");
    office.fill("Nouvelle note sur 20", "17");
    office.fill("Motif", "erreur de report");
    office.press("Corriger la note");
    office.reads("La note finale est corrigée");
    office.reads("17 / 20");
    office.press("Journal de cette copie");
    office.reads("erreur de report");
    office.go(&format!("/epreuves/{exam}/consultations"));
    office.reads("page consultée");
    office.reads("PDF d’une copie");
    office.reads("tous les établissements");
    office.picture("consultations");
    assert_eq!(office.complaints(), Vec::<String>::new());
}

#[test]
fn a_coordinator_validates_a_batch_and_a_school_sees_its_own_transmitted_copies_and_no_others() {
    needs!(Browser);
    let academy = Academy::empty();
    let options = "--kind common_assessment --candidates 60 --pages 1 --mix ccitt --schools 3 --seed 312";
    let common = imported(&academy, "common", &options.split(' ').collect::<Vec<_>>());
    let folder = academy.path("common");
    let (people, scripts) = (lines(&folder, "candidates.jsonl"), lines(&folder, "scripts.jsonl"));
    let school_of = |number: &Value| {
        let one = people.iter().find(|one| one["number"] == *number).expect("a candidate");
        one["school"].as_str().expect("a school").to_owned()
    };
    let of_batch = |script: &&Value| script["batch"] == "L001";
    let school = school_of(&scripts.iter().find(of_batch).expect("a script")["candidate"]);
    accounts(&academy);
    account(&academy, "school", &format!("school:{school}"));
    let stand_ins = StandIns::start(&academy.path("stand-ins"), "312", &[]);
    let served = served(&academy, &stand_ins);
    let viewer = signed_in(&served, "school");
    viewer.reads("Aucune copie de votre établissement n’est encore transmise");

    let coordinator = signed_in(&served, "coordinator");
    coordinator.go(&format!("/epreuves/{common}/harmonisation"));
    coordinator.tick("Choisir le lot L001");
    coordinator.fill("Ajouter à chaque note (par exemple 0,5 ou −1)", "0,5");
    coordinator.fill("Motif", "sujet plus difficile que prévu");
    coordinator.press("Ajuster");
    coordinator.reads("Les notes sont ajustées");
    coordinator.picture("harmonisation");
    coordinator.tick("Choisir le lot L001");
    coordinator.press("Valider les lots choisis");
    coordinator.reads("Les lots choisis sont validés");
    assert_eq!(
        coordinator.count("input[name=batch][value=L001]"),
        0,
        "what is validated is not chosen again"
    );

    viewer.go("/");
    viewer.press("Télécharger");
    viewer.reads("Chercher une copie");
    viewer.picture("telechargement");
    let rows = viewer.text();
    let mut own = 0;
    for script in &scripts {
        let number = script["candidate"].as_str().expect("a number");
        let his = school_of(&script["candidate"]) == school && script["batch"] == "L001";
        assert_eq!(rows.contains(number), his, "{number}");
        own += usize::from(his);
    }
    assert!(own > 0 && viewer.says(&format!("Télécharger {own} copie")), "{rows}");
    viewer.click(".telechargement a.bouton");
    let saved = viewer.downloaded(".zip");
    let mut archive = zip::ZipArchive::new(fs::File::open(saved).expect("a ZIP")).expect("a ZIP");
    let pdfs = (0..archive.len())
        .filter(|at| archive.by_index(*at).expect("an entry").name().expect("a name").ends_with(".pdf"))
        .count();
    assert_eq!(pdfs, own);
    viewer.go(&format!("/epreuves/{common}"));
    viewer.reads("Votre rôle ne permet pas cette action");
    assert!(coordinator.complaints().is_empty());
}
