//! The page of the viewer: what it shows, harmlessly, and to whom.

use copiste_tests::academy::{Academy, lines};
use copiste_tests::bundle::Bundle;
use copiste_tests::http::Ask;
use serde_json::json;

use super::super::{ENTITY, Served, account, imported};
use super::Look;

#[test]
fn a_copy_is_read_page_by_page_with_marks_and_annotations_in_words() {
    let mut bundle = Bundle::small(3);
    bundle.scripts[1]["annotations"] = json!([
        {"page": 1, "kind": "text", "x": 0.1, "y": 0.1, "width": 0.5, "text": "Très bien", "size": 12, "colour":
            "#C8102E", "question": "1.a"},
        {"page": 2, "kind": "arrow", "from": [0.1, 0.1], "to": [0.2, 0.2], "width": 1, "colour": "#C8102E"},
        {"page": 2, "kind": "stamp", "x": 0.3, "y": 0.3, "size": 20, "stamp": "tick", "colour": "#C8102E",
            "question": "1.b"},
    ]);
    bundle.scripts[1]["harmonised"] = json!("13");
    // Copies lie school by school, as in the ZIP.
    bundle.candidates[1]["school"] = bundle.candidates[0]["school"].clone();
    let look = Look::at(&bundle);
    let (script, exam) = (&look.scripts[1], look.academy.exam());
    let get = |target: &str| look.served.send(&Ask::get(target).cookie(&look.office)).expect(200).text();
    let found = get(&format!("/epreuves/{exam}/copies"));
    assert!(found.contains(&format!("href=\"/copies/{script}\"")), "{found}");

    let first = get(&format!("/copies/{script}"));
    for shown in [
        "alt=\"Copie, page 1 sur 2\"",
        "ÉLÈVE-0001",
        "<strong>13</strong> / 20",
        "correcteur : 12,5 / 20",
        "11,75",
        "bon travail",
        "Commentaire, question 1.a",
        "Très bien</text>",
        &format!("/api/v1/scripts/{script}.pdf"),
        &format!("/epreuves/{exam}/copies"),
        "Copie suivante",
        "Copie précédente",
    ] {
        assert!(first.contains(shown), "no {shown} in {first}");
    }
    assert!(first.contains("?page=2") && !first.contains("rel=\"prev\""));
    let second = get(&format!("/copies/{script}?page=2"));
    for shown in ["Tracés</span> 1 flèche", "Signe, question 1.b</span> Coche : juste", "rel=\"prev\""] {
        assert!(second.contains(shown), "no {shown} in {second}");
    }
    assert!(!second.contains("Très bien") && !second.contains("rel=\"next\""));

    // Layers that are not shown stay away on the other pages too.
    for (layers, hidden, kept) in [
        ("", "class=\"feuille\"", None),
        ("&calques=commentaires", "class=\"feuille sans-traces\"", Some("calques=commentaires")),
        ("&calques=traces", "class=\"feuille sans-commentaires\"", Some("calques=traces")),
        ("&calques=aucun", "class=\"feuille sans-commentaires sans-traces\"", Some("calques=aucun")),
        ("&calques=commentaires,traces", "class=\"feuille\"", None),
    ] {
        let page = get(&format!("/copies/{script}?page=1{layers}"));
        assert!(page.contains(hidden), "{layers}");
        let next =
            page.split("rel=\"next\"").nth(1).and_then(|rest| rest.split("href=\"").nth(1)).expect("a link");
        let next = next.split('"').next().unwrap_or_default();
        assert_eq!(next.contains("calques"), kept.is_some(), "{next}");
        assert!(kept.is_none_or(|kept| next.contains(kept)), "{next}");
    }
    let odd = Ask::get(&format!("/copies/{script}?calques=tout")).cookie(&look.office);
    assert!(look.served.send(&odd).expect(400).text().contains("HTT-184"));
    for (file, kind) in [
        ("/visionneuse.js", "text/javascript; charset=utf-8"),
        ("/recherche.js", "text/javascript; charset=utf-8"),
    ] {
        let script = look.served.send(&Ask::get(file)).expect(200);
        assert_eq!(script.header("content-type"), Some(kind));
    }
}

#[test]
fn whatever_anyone_is_called_or_writes_is_shown_and_never_run() {
    let shapes = [
        "<script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "'; DROP TABLE scripts; --",
        "</text></svg><script src=//evil/></script>",
        "{{ 7919*7919 }}${7919*7919}&lt;b&gt;",
        "javascript:alert(1)",
    ];
    let mut bundle = Bundle::small(shapes.len());
    for (at, shape) in shapes.iter().enumerate() {
        bundle.candidates[at]["last_name"] = json!(shape);
        bundle.candidates[at]["first_name"] = json!(shape);
        bundle.scripts[at]["appreciation"] = json!(shape);
        bundle.scripts[at]["mark"]["questions"][0]["label"] = json!(shape);
        let mark = |kind: &str| {
            json!({"page": 1, "kind": kind, "x": 0.1, "y": 0.1, "text": shape, "colour": "#C8102E",
                "question": shape})
        };
        let mut words = mark("text");
        (words["width"], words["size"]) = (json!(0.8), json!(6));
        bundle.scripts[at]["annotations"] = json!([words, mark("mark")]);
    }
    bundle.manifest["exam"]["label"] = json!("<b>Épreuve</b>");
    let look = Look::at(&bundle);
    for (script, shape) in look.scripts.iter().zip(shapes) {
        let page = Ask::get(&format!("/copies/{script}")).cookie(&look.office);
        let page = look.served.send(&page).expect(200).text();
        for running in ["<script>", "<script src=//", "<img src=x", "<b>", "</svg><script", "62710561"] {
            assert!(!page.contains(running), "{shape}: {running}");
        }
        // As it was typed, to whoever reads it: heading, question, appreciation, two remarks.
        let text =
            page.replace("&#60;", "<").replace("&#62;", ">").replace("&#34;", "\"").replace("&#39;", "'");
        let text = text.replace("&#38;", "&");
        assert!(text.matches(shape).count() >= 6, "{shape} in {text}");
    }
    let list = Ask::get(&format!("/epreuves/{}/copies", look.academy.exam())).cookie(&look.office);
    let list = look.served.send(&list).expect(200).text();
    assert!(!list.contains("<script>") && !list.contains("<img"), "{list}");
}

#[test]
fn a_copy_is_seen_once_it_may_be_rendered_by_whoever_may_take_it_away_and_nobody_else() {
    let academy = Academy::empty();
    let small = ["--candidates", "40", "--pages", "1", "--mix", "ccitt", "--schools", "3", "--seed", "181"];
    let common = imported(&academy, "common", &[&["--kind", "common_assessment"], &small[..]].concat());
    let open = imported(&academy, "one-off", &[&["--kind", "one_off"], &small[..]].concat());
    academy.copiste("validate", &[&common, &"--batch", &"L001"]).expect(0);
    let people = lines(&academy.path("common"), "candidates.jsonl");
    let scripts = lines(&academy.path("common"), "scripts.jsonl");
    let school_of = |number: &serde_json::Value| {
        people.iter().find(|one| one["number"] == *number).expect("a candidate")["school"].clone()
    };
    let transmitted = scripts.iter().find(|one| one["batch"] == "L001").expect("a transmitted script");
    let school = school_of(&transmitted["candidate"]);
    let other = scripts.iter().find(|one| one["batch"] == "L001" && school_of(&one["candidate"]) != school);
    let waiting = scripts.iter().find(|one| one["batch"] == "L002" && school_of(&one["candidate"]) == school);
    account(&academy, "administrator", "administrator");
    account(&academy, "office", &format!("exam-office:{ENTITY}"));
    account(&academy, "afar", "exam-office:ER-ELSEWHERE");
    account(&academy, "school", &format!("school:{}", school.as_str().expect("a UAI")));
    let served = Served::start(&academy);
    let office = served.sign_in("office");
    let id = |exam: &str, number: &serde_json::Value| {
        let number = number.as_str().expect("a number");
        let found = served.get(&format!("/api/v1/exams/{exam}/scripts?q={number}"), &office);
        found["scripts"][0]["script"].as_str().expect("a script").to_owned()
    };
    let unclosed = lines(&academy.path("one-off"), "scripts.jsonl")[0]["candidate"].clone();
    let cases = [
        (id(&common, &transmitted["candidate"]), [403, 200, 404, 200], ""),
        (id(&common, &other.expect("another school's")["candidate"]), [403, 200, 404, 404], ""),
        (id(&common, &waiting.expect("one that waits")["candidate"]), [403, 409, 404, 404], "GAT-001"),
        (id(&open, &unclosed), [403, 409, 404, 404], "BLK-000"),
    ];
    let sessions = ["administrator", "office", "afar", "school"].map(|login| served.sign_in(login));
    for (script, expected, code) in &cases {
        let target = format!("/copies/{script}");
        let led = served.send(&Ask::get(&target)).expect(303);
        assert_eq!(led.header("location"), Some(&*format!("/connexion?vers=%2Fcopies%2F{script}")));
        for (who, expected) in sessions.iter().zip(expected) {
            let reply = served.send(&Ask::get(&target).cookie(who)).expect(*expected);
            assert!(*expected != 409 || reply.text().contains(code), "{}", reply.text());
        }
        let told = served.get(&format!("/api/v1/scripts/{script}"), &office);
        assert_eq!(told["annotations"].is_null(), !code.is_empty(), "annotations come with the copy");
    }
    // From one copy to the next a school meets its own alone.
    let (mut at, mut met) = (cases[0].0.clone(), Vec::new());
    loop {
        let page = served.send(&Ask::get(&format!("/copies/{at}")).cookie(&sessions[3])).expect(200).text();
        met.push(at.clone());
        let next = page.split("Copie suivante").next().filter(|before| before.len() < page.len());
        let Some(next) = next.and_then(|before| before.rsplit("href=\"/copies/").next()) else { break };
        at = next.split('"').next().unwrap_or_default().to_owned();
        assert!(met.len() < 40 && !met.contains(&at), "{met:?}");
    }
}
