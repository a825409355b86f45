//! The pages as a browser without scripts uses them: links are followed, forms are sent.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use copiste_tests::academy::{Academy, lines};
use copiste_tests::http::{Ask, Reply};

use super::{ENTITY, PASSWORD, Served, account, imported};

/// A browser: one cookie, and what its pages say.
struct Browser<'s> {
    served: &'s Served,
    cookie: String,
}

/// What a form sends.
fn form(fields: &[(&str, &str)]) -> Vec<u8> {
    let escaped = |text: &str| -> String {
        text.bytes()
            .map(|byte| match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
                other => format!("%{other:02X}"),
            })
            .collect()
    };
    let pairs = fields.iter().map(|(name, value)| format!("{}={}", escaped(name), escaped(value)));
    pairs.collect::<Vec<_>>().join("&").into_bytes()
}

/// Every value between two texts.
fn between<'t>(text: &'t str, start: &str, end: &str) -> Vec<&'t str> {
    text.split(start).skip(1).filter_map(|rest| rest.split(end).next()).collect()
}

impl<'s> Browser<'s> {
    /// Signs in as a person does: asks for a page, is led to the form, fills it in, is led back.
    fn of(served: &'s Served, login: &str, page: &str) -> Browser<'s> {
        let led = served.send(&Ask::get(page)).expect(303);
        let form_at = led.header("location").expect("somewhere").to_owned();
        let shown = served.send(&Ask::get(&form_at)).expect(200).text();
        let to = between(&shown, "name=\"vers\" value=\"", "\"")[0].to_owned();
        let fields = form(&[("login", login), ("password", PASSWORD), ("vers", &to)]);
        let ask = Ask::new("POST", "/connexion").raw(&fields, "application/x-www-form-urlencoded");
        let signed = served.send(&ask).expect(303);
        assert_eq!(signed.header("location"), Some(page), "back to what was asked for");
        let cookie = signed.header("set-cookie").expect("a cookie").split(';').next().unwrap_or_default();
        Browser { served, cookie: cookie.to_owned() }
    }

    #[track_caller]
    fn get(&self, page: &str) -> Reply {
        self.served.send(&Ask::get(page).with("Cookie", &self.cookie))
    }

    /// Sends the form of a page, with the token that the page has.
    #[track_caller]
    fn send(&self, page: &str, to: &str, fields: &[(&str, &str)]) -> Reply {
        let shown = self.get(page).expect(200).text();
        let token = between(&shown, "name=\"csrf\" value=\"", "\"")[0];
        let mut all = vec![("csrf", token)];
        all.extend_from_slice(fields);
        self.post(to, &all)
    }

    #[track_caller]
    fn post(&self, to: &str, fields: &[(&str, &str)]) -> Reply {
        let ask = Ask::new("POST", to).raw(&form(fields), "application/x-www-form-urlencoded");
        self.served.send(&ask.with("Cookie", &self.cookie))
    }

    /// Every page that links lead to, with its text; what is taken away is only looked at.
    fn walk(&self) -> BTreeMap<String, String> {
        let mut pages = BTreeMap::new();
        let mut seen = BTreeSet::from(["/".to_owned()]);
        let mut next = VecDeque::from(["/".to_owned()]);
        while let Some(page) = next.pop_front() {
            let taken = page.starts_with("/api/") || page.ends_with(".css") || page.ends_with(".svg");
            if taken {
                let head = Ask::get(&page).into_head().with("Cookie", &self.cookie);
                self.served.send(&head).expect(200);
                continue;
            }
            let reply = self.get(&page).expect(200);
            assert_eq!(reply.header("content-type"), Some("text/html; charset=utf-8"), "{page}");
            let text = reply.text();
            for link in between(&text, "href=\"", "\"") {
                let link =
                    link.split('#').next().unwrap_or_default().replace("&amp;", "&").replace("&#38;", "&");
                if !link.is_empty() && seen.insert(link.clone()) {
                    assert!(link.starts_with('/'), "{page} leads to {link}");
                    next.push_back(link);
                }
            }
            pages.insert(page, text);
        }
        pages
    }
}

/// A one-off exam that is closed and an E3C of which one batch is transmitted, and who has an account.
fn academy() -> (Academy, String, String) {
    let academy = Academy::empty();
    let small = ["--candidates", "40", "--pages", "1", "--mix", "ccitt", "--schools", "3", "--seed", "171"];
    let one_off = imported(&academy, "one-off", &[&["--kind", "one_off"], &small[..]].concat());
    let common = imported(&academy, "common", &[&["--kind", "common_assessment"], &small[..]].concat());
    academy.copiste("close", &[&one_off]).expect(0);
    academy.copiste("validate", &[&common, &"--batch", &"L001"]).expect(0);
    account(&academy, "office", &format!("exam-office:{ENTITY}"));
    account(&academy, "coordinator", &format!("coordinator:{ENTITY}"));
    (academy, one_off, common)
}

#[test]
fn every_link_leads_somewhere_and_no_page_runs_or_styles_anything_inline() {
    let (academy, one_off, common) = academy();
    let script = lines(&academy.path("common"), "scripts.jsonl").into_iter();
    let first =
        script.filter(|script| script["batch"] == "L001").map(|script| script["candidate"].clone()).next();
    let people = lines(&academy.path("common"), "candidates.jsonl");
    let school_of = |number: &serde_json::Value| {
        let one = people.iter().find(|one| one["number"] == *number).expect("a candidate");
        one["school"].as_str().expect("a school").to_owned()
    };
    let school = school_of(&first.expect("a transmitted script"));
    account(&academy, "school", &format!("school:{school}"));
    let served = Served::start(&academy);
    for (login, least) in [("office", 11), ("coordinator", 9), ("school", 3)] {
        let pages = Browser::of(&served, login, "/").walk();
        assert!(pages.len() >= least, "{login} finds {:?}", pages.keys());
        for (page, text) in &pages {
            // What runs comes from the server's own files.
            for script in between(text, "<script", ">") {
                assert!(
                    script.starts_with(" src=\"/") && script.ends_with(".js\" defer"),
                    "{page}: {script}"
                );
            }
            assert!(!text.contains("<script>"), "{page}");
            for inline in [" style=", " onclick=", "javascript:"] {
                assert!(!text.contains(inline), "{page} has {inline}");
            }
            assert_eq!(between(text, "<h1>", "</h1>").len(), 1, "{page} has one heading");
        }
        if login == "school" {
            let all: String = pages.values().cloned().collect();
            assert!(!all.contains(&one_off), "a school sees an exam that is not its own");
            for one in people.iter().filter(|one| one["school"] != school.as_str()) {
                let number = one["number"].as_str().expect("a number");
                assert!(!all.contains(number), "a school sees candidate {number} of another");
            }
            assert!(pages.contains_key(&format!("/epreuves/{common}/copies")), "{:?}", pages.keys());
        }
    }
}

#[test]
fn a_form_does_what_it_says_and_nothing_without_the_token_of_its_page() {
    let (academy, one_off, common) = academy();
    let served = Served::start(&academy);
    let settings = format!("/epreuves/{one_off}/parametrage");
    let office = Browser::of(&served, "office", &settings);
    let absences = |browser: &Browser<'_>| {
        let shown = browser.get(&format!("/api/v1/exams/{one_off}")).expect(200).value();
        shown["settings"]["export_absences"].as_bool().expect("a flag")
    };
    assert!(!absences(&office));
    for forged in [&[("export_absences", "true")][..], &[("export_absences", "true"), ("csrf", "forged")]] {
        let refused = office.post(&settings, forged).expect(403);
        assert_eq!(refused.header("content-type"), Some("text/html; charset=utf-8"));
        assert!(refused.text().contains("HTT-116"), "{}", refused.text());
        assert!(!absences(&office));
    }
    let done = office.send(&settings, &settings, &[("export_absences", "true")]).expect(303);
    let told = office.get(done.header("location").expect("back to the page")).expect(200).text();
    assert!(told.contains("enregistrés"), "{told}");
    assert!(absences(&office));
    // What is not ticked is no; and an E3C cannot be changed, neither by a form that somebody made himself.
    office.send(&settings, &settings, &[]).expect(303);
    assert!(!absences(&office));
    let fixed = format!("/epreuves/{common}/parametrage");
    assert!(!office.get(&fixed).expect(200).text().contains("<form class=\"fiche\""));
    office.send(&settings, &fixed, &[("export_absences", "true")]).expect(409);

    // The coordinator validates a batch by its page; where nobody answers, it says so and the batch stays valid.
    let page = format!("/epreuves/{common}/harmonisation");
    let coordinator = Browser::of(&served, "coordinator", &page);
    let batches = |text: &str| between(text, "name=\"batch\" value=\"", "\"").len();
    let before = batches(&coordinator.get(&page).expect(200).text());
    assert!(before > 0);
    let none = coordinator.send(&page, &page, &[("act", "validate")]).expect(200).text();
    assert!(none.contains("Choisissez au moins un lot"), "{none}");
    let adjusted = [("batch", "L002"), ("act", "adjust"), ("by", "−0,5"), ("reason", "moyenne haute")];
    coordinator.send(&page, &page, &adjusted).expect(303);
    coordinator.send(&page, &page, &[("batch", "L002"), ("act", "validate")]).expect(303);
    assert_eq!(batches(&coordinator.get(&page).expect(200).text()), before - 1);
    office.send(&settings, &page, &[("batch", "L003"), ("act", "validate")]).expect(403);
}

#[test]
fn a_closing_is_offered_when_it_may_be_launched_and_its_page_says_why_not() {
    let academy = Academy::of("--kind one_off --candidates 20 --pages 1 --mix ccitt --unfinished --seed 172");
    let exam = copiste_tests::academy::exam_of(&academy.bundle());
    account(&academy, "office", &format!("exam-office:{ENTITY}"));
    let served = Served::start(&academy);
    let page = format!("/epreuves/{exam}/cloture");
    let office = Browser::of(&served, "office", &page);
    let shown = office.get(&page).expect(200).text();
    assert!(shown.contains("La clôture attend la fin de"), "{shown}");
    assert!(!shown.contains("name=\"sure\""), "nothing to launch is offered");
    // Whoever sends the form all the same is told what is missing, and nothing was sent.
    let refused = office.send(&page, &page, &[("sure", "oui")]).expect(200).text();
    assert!(refused.contains("CLO-012"), "{refused}");
    assert!(office.get(&page).expect(200).text().contains("Rien n’a encore été envoyé"));
}
