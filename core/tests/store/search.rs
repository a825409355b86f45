use tempfile::tempdir;

use crate::academy::*;

/// Candidates with the names France really has, each pair of names once.
fn crowd(count: usize) -> Bundle {
    const FIRST: [&str; 10] =
        ["Éloïse", "Jean-Pierre", "Zoé", "Maël", "Anaïs", "Noël", "Inès", "Loïc", "Chloé", "François-Xavier"];
    const LAST: [&str; 8] =
        ["D’Arcy", "L’Hôpital", "Le Goff", "Payet", "Hoarau", "Saint-Ange", "de la Tour", "N’Guyen"];
    let mut bundle = Bundle::of("E1", &[]);
    bundle.people = (0..count)
        .map(|n| Person {
            number: format!("{:010}", 100_000_000 + n),
            // Letters that make every last name another one.
            last_name: format!("{} {}", LAST[n % LAST.len()], letters(n / 80)),
            first_name: FIRST[n / LAST.len() % FIRST.len()].to_owned(),
            pages: None,
            appreciation: String::new(),
            annotations: 0,
            ..Person::of("")
        })
        .collect();
    bundle
}

fn letters(mut n: usize) -> String {
    let mut letters = String::from("K");
    while n > 0 {
        letters.push(char::from(b'a' + u8::try_from(n % 26).unwrap()));
        n /= 26;
    }
    letters
}

#[test]
fn among_many_candidates_one_is_found_by_unaccented_beginnings_in_either_order_and_by_number() {
    // `make prove` sets the number of DESIGN's largest exam.
    let count = std::env::var("COPISTE_PROVE_CANDIDATES").ok().and_then(|count| count.parse().ok());
    let count: usize = count.unwrap_or(4000);
    let dir = tempdir().unwrap();
    let store = open(dir.path());
    let bundle = crowd(count);
    import(&store, &bundle, 1);
    let exam = store.exam("E1").unwrap().unwrap();
    let step = count / 50 + 1;
    for (n, person) in bundle.people.iter().enumerate().step_by(step) {
        let last = match n % 8 {
            0 => "darcy",
            1 => "l hopital",
            2 => "le go",
            3 => "pay",
            4 => "hoa",
            5 => "saint ange",
            6 => "de la tour",
            _ => "nguy",
        };
        let first =
            ["elo", "jean pi", "zo", "mae", "ana", "noel", "ine", "loic", "chl", "francois x"][n / 8 % 10];
        let letters = letters(n / 80).to_lowercase();
        for query in [format!("{first} {last} {letters}"), format!("{letters} {last} {first}")] {
            let found = exam.search(&query, usize::MAX).unwrap();
            assert!(found.contains(&person.number), "{query}");
            assert!(found.len() < count / 8, "{query}");
        }
        assert_eq!(exam.search(&person.number, 10).unwrap(), [person.number.as_str()]);
        assert_eq!(exam.search(&person.number[..9], usize::MAX).unwrap().len(), 10.min(count - n / 10 * 10));
    }
    assert_eq!(exam.search("", usize::MAX).unwrap().len(), count);
}
