//! What a school sees of an E3C: its own transmitted copies, and not a trace of the others.

use std::io::Cursor;

use copiste_tests::http::Ask;
use serde_json::Value;

use super::world::World;

#[test]
fn a_school_finds_lists_and_takes_away_its_own_transmitted_copies_and_no_others() {
    let world = World::new("103");
    let (served, exam, school) = (&world.served, &world.things["e3c"], &world.schools[0]);
    let who = &world.sessions["school"];
    let mut own: Vec<&str> = world
        .candidates
        .iter()
        .filter(|one| one[2] == *school && one[3] == "L001")
        .map(|one| one[0].as_str())
        .collect();
    own.sort_unstable();
    assert!(own.len() > 1 && own.len() < world.candidates.len());

    let exams = served.get("/api/v1/exams", who);
    let shown: Vec<_> = exams["exams"].as_array().expect("exams").iter().map(|one| &one["id"]).collect();
    assert_eq!(shown, [exam.as_str()]);
    let one = served.get(&format!("/api/v1/exams/{exam}?quality=true"), who);
    for field in ["counts", "status", "settings", "quality"] {
        assert!(
            exams["exams"][0].get(field).is_none() && one.get(field).is_none(),
            "{field} is of all schools"
        );
    }

    // One row a page, all pages.
    let (mut found, mut after) = (Vec::new(), String::new());
    loop {
        let page = served.get(&format!("/api/v1/exams/{exam}/scripts?limit=1{after}"), who);
        let number = text(&page["scripts"][0]["candidate_number"]);
        after = format!("&after={number}");
        found.push(number);
        if page["more"] == false {
            break;
        }
    }
    found.sort_unstable();
    assert_eq!(found, own);
    // By name, by number, by school, and from anywhere on: nobody else is found, and nothing says that he is there.
    let scripts =
        |query: &str| served.send(&Ask::get(&format!("/api/v1/exams/{exam}/scripts?{query}")).cookie(who));
    let nowhere = scripts("after=0000000000").expect(400).text();
    let mut others = 0;
    for [number, last_name, of, batch] in
        world.candidates.iter().filter(|one| !own.contains(&one[0].as_str()))
    {
        for query in
            [format!("q={number}"), format!("q={}&school={of}", spelt(last_name)), format!("school={of}")]
        {
            let page = scripts(&query).expect(200).value();
            for row in page["scripts"].as_array().expect("rows") {
                assert!(own.contains(&text(&row["candidate_number"]).as_str()), "{query} finds {row}");
            }
        }
        let after = scripts(&format!("q={}&after={number}", spelt(last_name))).expect(400).text();
        assert_eq!(after, nowhere, "{batch}: it tells whose number this is");
        others += 1;
    }
    assert!(others > 10, "{others} others");

    let zip = served.send(&Ask::get(&format!("/api/v1/exams/{exam}/scripts.zip")).cookie(who)).expect(200);
    let archive = zip::ZipArchive::new(Cursor::new(zip.body)).expect("it is a ZIP");
    let mut taken: Vec<_> = archive
        .file_names()
        .map(|name| name.expect("a name").into_owned())
        .filter(|name| name.ends_with(".pdf"))
        .map(|name| {
            assert!(name.starts_with(&format!("{school}/")), "{name}");
            name.trim_end_matches(".pdf").rsplit_once('_').expect("a number").1.to_owned()
        })
        .collect();
    taken.sort_unstable();
    assert_eq!(taken, own);
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

/// A word of a query.
fn spelt(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}
