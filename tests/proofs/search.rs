//! Finding a candidate among many, as people type.

use copiste_tests::academy::{Academy, opened};
use copiste_tests::bundle::{Bundle, number};
use copiste_tests::size;
use serde_json::json;

const LAST: [&str; 10] = [
    "HOARAU",
    "PAYET",
    "GRONDIN",
    "LE GALL",
    "MARTIN",
    "N’GUESSAN",
    "SAINT-ANGE",
    "FONTAINE",
    "ÇELİK",
    "ŒUVRARD",
];
const FIRST: [&str; 10] =
    ["Élodie", "Jean-Baptiste", "Chloé", "Mathéo", "Anaïs", "Loïc", "Inès", "Zoé", "Théo", "Maëlys"];

#[test]
fn a_name_with_accents_hyphen_and_apostrophe_is_found_among_100_000_by_the_beginnings_of_its_words() {
    let count = size::pick(5_000, 100_000);
    let mut bundle = Bundle::small(0);
    for at in 0..count {
        bundle.candidates.push(json!({
            "number": number(at),
            "last_name": format!("{} {}", LAST[at % 10], LAST[at / 10 % 10]),
            "first_name": FIRST[at / 100 % 10],
            "school": "9740001H",
            "attendance": "absent"}));
    }
    let wanted = number(count / 2);
    bundle.candidates[count / 2]["last_name"] = json!("D’Hérouville-Lécuyer");
    bundle.candidates[count / 2]["first_name"] = json!("Éloïse-Marie");
    let twin = number(count / 3);
    bundle.candidates[count / 3]["last_name"] = json!("DHEROUVILLE LECUYERE");
    bundle.candidates[count / 3]["first_name"] = json!("Eloi");
    let academy = Academy::empty();
    bundle.write(&academy.bundle());
    academy.copiste("import", &[&academy.bundle()]).expect(0);

    let store = opened(&academy.data());
    let view = store.exams().expect("the exams").into_iter().next().expect("an exam");
    let find = |query: &str| view.search(query, 20).expect("the index");
    for query in [
        "eloise herouville",
        "herouville eloise",
        "ELOISE D'HEROUVILLE",
        "d’hérouville éloïse",
        "elo herou mar",
        "lecuy marie",
        "mar lecuyer elo",
        "éloïse-marie d’hérouville-lécuyer",
        &wanted,
    ] {
        let found = find(query);
        assert!(found.contains(&wanted), "`{query}` finds {found:?}");
        assert!(found.len() <= 2, "`{query}` finds {} others", found.len() - 1);
    }
    // Narrowed by a word that only one of the two has.
    assert_eq!(find("herouville mar"), [wanted.as_str()]);
    assert!(find("dherou elo").contains(&twin));
    for query in ["erouville", "lecuyer zoe", "herouville x"] {
        assert!(
            !find(query).contains(&wanted),
            "`{query}` finds by the middle of a word, or by half the words"
        );
    }
    // A beginning that thousands share gives as many as asked for, no more, always the same.
    let many = find("mart");
    assert_eq!(many.len(), 20);
    assert_eq!(many, find("mart"));
    assert_eq!(find(&wanted[..10]).first(), Some(&wanted));
}
