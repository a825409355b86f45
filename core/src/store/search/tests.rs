use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;

/// Last name, first name, number, school.
type Person = (String, String, String, &'static str);

/// A generation of the index of some candidates, by place.
struct Class {
    people: Vec<Person>,
    /// Everybody in order, each with all words that he is found by.
    in_order: Vec<(u32, Vec<String>)>,
    table: Table,
    _db: sled::Db,
}

/// An index of these candidates: last name, first name, number.
fn indexed(names: &[(&str, &str, &str)]) -> Class {
    damaged(names, |_| {})
}

/// The same with its entries changed before they are written.
fn damaged(names: &[(&str, &str, &str)], damage: impl FnOnce(&mut BTreeMap<Vec<u8>, Vec<u8>>)) -> Class {
    let people = names.iter().map(|(last, first, number)| {
        ((*last).to_owned(), (*first).to_owned(), (*number).to_owned(), "9740001H")
    });
    Class::of(people.collect(), damage)
}

const GENERATION: u32 = 7;

impl Class {
    fn of(people: Vec<Person>, damage: impl FnOnce(&mut BTreeMap<Vec<u8>, Vec<u8>>)) -> Class {
        let db = sled::Config::new().temporary(true).open().unwrap();
        let table = Table::of(db.open_tree("search").unwrap());
        let names = people.iter().zip(0_u32..).map(|((last_name, first_name, number, school), place)| Name {
            last_name,
            first_name,
            number,
            school,
            script: id(place),
        });
        let mut all: BTreeMap<Vec<u8>, Vec<u8>> = BTreeMap::new();
        let mut before = Vec::new();
        for (key, value) in entries(names) {
            assert!(before < key || all.is_empty(), "entries come in order");
            before.clone_from(&key);
            all.insert(key, value);
        }
        damage(&mut all);
        for (key, leaf) in leaves::packed(all.into_iter()) {
            table.insert([&GENERATION.to_be_bytes()[..], &key].concat(), leaf).unwrap();
        }
        let words = |(last, first, number, _): &Person| -> Vec<String> {
            [last, first, number].into_iter().flat_map(|field| words::words_of(field)).collect()
        };
        let mut in_order: Vec<_> = people
            .iter()
            .zip(0..)
            .map(|(person, place)| {
                (index::Standing::of(&person.0, &person.1, &person.2), place, words(person))
            })
            .collect();
        in_order.sort_by(|(one, ..), (other, ..)| one.cmp(other));
        let in_order = in_order.into_iter().map(|(_, place, words)| (place, words)).collect();
        Class { people, in_order, table, _db: db }
    }

    fn index(&self) -> Index<'_> {
        Index { table: &self.table, generation: GENERATION, people: self.people.len().try_into().unwrap() }
    }

    fn page(&self, search: &Search<'_>) -> Result<Option<SearchPage>, StoreError> {
        self.index().find(search, &mut |_| Ok(true))
    }

    fn find(&self, query: &str, limit: usize) -> Result<Vec<&str>, StoreError> {
        let page = self.page(&Search { query, limit, ..Search::default() })?.expect("after nobody");
        Ok(page.places.into_iter().map(|place| self.people[place as usize].2.as_str()).collect())
    }

    /// What a query finds, looked for in everybody.
    fn naive(&self, query: &str, school: Option<&str>) -> Vec<u32> {
        let ways = words::ways(query);
        let is_found = |own: &[String]| {
            let has = |word: &String| own.iter().any(|own| own.starts_with(word.as_str()));
            ways.is_empty() || ways.iter().any(|way| way.iter().all(has))
        };
        self.in_order
            .iter()
            .filter(|(place, _)| school.is_none_or(|school| school == self.people[*place as usize].3))
            .filter(|(_, own)| is_found(own))
            .map(|(place, _)| *place)
            .collect()
    }
}

fn id(place: u32) -> [u8; 16] {
    let mut id = [9; 16];
    id[..4].copy_from_slice(&place.wrapping_mul(2_654_435_761).to_be_bytes());
    id
}

const CLASS: [(&str, &str, &str); 8] = [
    ("MARTIN", "Éloïse", "0123456789"),
    ("L’Hôpital", "Jean-Pierre", "0123456790"),
    ("Hopital", "Pierre Jean", "0200000001"),
    ("DE LA TOUR D’AUVERGNE", "Œdipe", "0200000002"),
    ("Martin", "Eloi", "0300000003"),
    ("Þórsson", "Bjǫrn", "2020-IDF-0004"),
    ("王", "小明", "0400000005"),
    ("Jeanpierre", "Zoé", "0500000006"),
];

#[test]
fn a_candidate_is_found_by_the_beginnings_of_the_words_of_the_name_and_number() {
    let class = indexed(&CLASS);
    for (query, numbers) in [
        ("elo mar", &["0300000003", "0123456789"][..]),
        ("mar elo", &["0300000003", "0123456789"]),
        ("MARTIN éloïse", &["0123456789"]),
        ("martin eloisa", &[]),
        ("l hopital", &["0123456790"]),
        ("lhopital", &["0123456790"]),
        ("l'hôpital", &["0123456790"]),
        ("L’HÔPITAL", &["0123456790"]),
        ("hopital", &["0200000001", "0123456790"]),
        ("jean pi", &["0200000001", "0500000006", "0123456790"]),
        ("jeanpierre", &["0500000006", "0123456790"]),
        ("jean-pierre l'h", &["0123456790"]),
        ("pierre hop jean", &["0200000001", "0123456790"]),
        ("la tour", &["0200000002"]),
        ("auvergne oe", &["0200000002"]),
        ("dauvergne œ", &["0200000002"]),
        ("thors bjo", &["2020-IDF-0004"]),
        ("王 小", &["0400000005"]),
        ("小明", &["0400000005"]),
        ("0123456790", &["0123456790"]),
        ("01 23 45", &["0123456790", "0123456789"]),
        ("01 23 45 67 89 martin", &["0123456789"]),
        ("2020 idf", &["2020-IDF-0004"]),
        ("2020IDF00", &["2020-IDF-0004"]),
        ("idf-0004", &["2020-IDF-0004"]),
        ("123456789", &[]),
        ("artin", &[]),
    ] {
        assert_eq!(class.find(query, 100).unwrap(), numbers, "{query}");
    }
}

#[test]
fn a_list_is_sorted_by_last_name_first_name_and_number_and_has_an_end() {
    let class = indexed(&CLASS);
    let all = class.find("", 100).unwrap();
    assert_eq!(all.len(), CLASS.len());
    assert_eq!(all[..2], ["0200000002", "0200000001"]);
    assert_eq!(class.find(" ", 3).unwrap(), all[..3]);
    assert_eq!(class.find("0", 2).unwrap().len(), 2);
    assert!(class.find("martin", 0).unwrap().is_empty());
}

#[test]
fn nobody_is_found_among_nobody() {
    let class = indexed(&[]);
    assert!(class.find("", 10).unwrap().is_empty());
    assert!(class.find("martin", 10).unwrap().is_empty());
    assert_eq!(class.index().place_of_script(&id(0)).unwrap(), None);
}

#[test]
fn homonyms_are_all_found_and_one_generation_does_not_see_another() {
    let homonyms: Vec<String> = (0..index::MANY + 10).map(|n| format!("{n:06}")).collect();
    let names: Vec<_> = homonyms.iter().map(|number| ("Dupont", "Marie", number.as_str())).collect();
    let class = indexed(&names);
    assert_eq!(class.find("marie dup", usize::MAX).unwrap(), homonyms);
    let before = Index { generation: GENERATION - 1, ..class.index() };
    let search = Search { query: "marie", limit: 10, ..Search::default() };
    let page = before.find(&search, &mut |_| Ok(true)).unwrap();
    assert_eq!(page, Some(SearchPage::default()));
}

#[test]
fn whoever_may_not_be_seen_takes_no_room_on_a_page() {
    let class = indexed(&CLASS);
    let all = class.naive("", None);
    let search = Search { limit: 2, ..Search::default() };
    let mut is_seen = |place| Ok(place != all[0] && place != all[2]);
    let page = class.index().find(&search, &mut is_seen).unwrap();
    assert_eq!(page, Some(SearchPage { places: vec![all[1], all[3]], more: true }));
}

/// Enough candidates that some beginnings find many, and that they lie in more than one block.
fn crowd() -> Class {
    const LAST: [&str; 7] = ["Payet", "Pâquet-Durand", "N’Guyen", "MARTIN", "Le Goff", "Mar tinet", "Ōe"];
    const FIRST: [&str; 5] = ["Marie", "Jean-Pierre", "Éloïse", "Mar", "Zoé"];
    const SCHOOLS: [&str; 3] = ["9740001H", "9740002J", "974000"];
    let person = |n: u32| {
        let mixed = n.wrapping_mul(2_654_435_761) as usize;
        let last = if n % 1000 == 7 { format!("Unique{n}") } else { LAST[mixed % 7].to_owned() };
        let school = if n % 5000 == 1 { SCHOOLS[2] } else { SCHOOLS[mixed / 35 % 2] };
        (last, FIRST[mixed / 7 % 5].to_owned(), format!("02{n:08}"), school)
    };
    Class::of((0..70_000).map(person).collect(), |_| {})
}

#[test]
fn pages_are_what_looking_at_everybody_finds_whatever_is_asked_for() {
    let class = crowd();
    let queries = [
        "",
        "m",
        "ma",
        "mar",
        "marie",
        "mar mar",
        "mar tin",
        "ma pa",
        "jean pierre",
        "jeanp",
        "nguyen eloise",
        "le goff zoe",
        "paquet",
        "durand",
        "02",
        "0200000",
        "02000000",
        "020000001",
        "0200069999",
        "unique",
        "unique7",
        "unique 69007",
        "martinet",
        "oe mar",
        "zzz",
        "ma zzz",
        "p m 02",
        "elo 0200001",
    ];
    for query in queries {
        for school in [None, Some("9740001H"), Some("974000"), Some("9740009Z")] {
            let wanted = class.naive(query, school);
            let search = Search { query, school, after: None, limit: usize::MAX };
            assert!(class.page(&search).unwrap().unwrap().places == wanted, "{query} {school:?}");
            // From anywhere on, a page at a time.
            for start in [0, 1, 49, wanted.len() / 2, wanted.len().saturating_sub(2)] {
                let Some(after) = wanted.get(start).copied() else { continue };
                let page = class.page(&Search { after: Some(after), limit: 50, ..search }).unwrap().unwrap();
                let rest = &wanted[start + 1..];
                assert_eq!(page.places, rest[..rest.len().min(50)], "{query} {school:?} after {start}");
                assert_eq!(page.more, rest.len() > 50);
            }
        }
        // Somebody whom the query does not find is no place to go on from.
        let found: BTreeSet<u32> = class.naive(query, None).into_iter().collect();
        if let Some(other) = (0..class.index().people).find(|place| !found.contains(place)) {
            let search = Search { query, after: Some(other), limit: 5, ..Search::default() };
            assert_eq!(class.page(&search).unwrap(), None, "{query}");
        }
    }
}

#[test]
fn a_script_is_found_by_its_id() {
    let class = crowd();
    for place in (0..class.index().people).step_by(997) {
        assert_eq!(class.index().place_of_script(&id(place)).unwrap(), Some(place));
    }
    assert_eq!(class.index().place_of_script(&[8; 16]).unwrap(), None);
}

proptest! {
    #[test]
    fn any_query_finds_whom_looking_at_everybody_finds(
        people in prop::collection::vec(("[abÉ' -]{0,6}", "[abœ-]{0,4}", "[0-9ab-]{1,4}"), 0..40),
        queries in prop::collection::vec("[abeoE' 01-]{0,5}", 1..8),
        limit in 0..10_usize,
    ) {
        let people = people.into_iter().zip(["1", "2", "1"].into_iter().cycle());
        let mut numbers = BTreeSet::new();
        let people: Vec<Person> = people
            .map(|((last, first, number), school)| (last, first, number, school))
            .filter(|(_, _, number, _)| numbers.insert(number.clone()))
            .collect();
        let class = Class::of(people, |_| {});
        for query in &queries {
            for school in [None, Some("2")] {
                let wanted = class.naive(query, school);
                let (mut got, mut after) = (Vec::new(), None);
                loop {
                    let search = Search { query, school, after, limit: limit + 1 };
                    let page = class.page(&search).expect("an index").expect("found before");
                    got.extend_from_slice(&page.places);
                    after = page.places.last().copied();
                    if !page.more {
                        break;
                    }
                }
                prop_assert_eq!(got, wanted);
            }
        }
    }
}

#[test]
fn hostile_queries_find_nothing_and_harm_nothing() {
    let class = indexed(&CLASS);
    let long = "a".repeat(1_000_000);
    let many = "x ".repeat(100_000);
    for query in [long.as_str(), many.as_str(), "\0", "%", "\u{202e}", "💥", "../..", "' OR 1=1"] {
        let found = class.find(query, 10).unwrap();
        assert!(found.is_empty() || words::ways(query).is_empty(), "{query:.20}");
    }
}

#[test]
fn a_damaged_index_is_an_error_not_a_wrong_answer() {
    let row = index::row_key(Of::Ranks, 0).to_vec();
    let word = b"martin\x01\0\0".to_vec();
    let class = damaged(&CLASS, |all| {
        let row = all.get_mut(&row).unwrap();
        row.truncate(row.len() - 4);
    });
    assert!(class.find("", 10).is_err());
    for bytes in [vec![], vec![0, 1, 2, 3], vec![7, 1, 2], vec![1, 9]] {
        let class = damaged(&CLASS, |all| {
            all.insert(word.clone(), bytes).unwrap();
        });
        assert!(class.find("martin", 10).is_err());
        assert_eq!(class.find("auvergne", 10).unwrap().len(), 1);
    }
    let class = damaged(&CLASS, |all| {
        all.remove(&row).unwrap();
    });
    assert!(class.find("auvergne", 10).is_err());
    let class = damaged(&CLASS, |all| {
        let blocks = all.remove(&word).unwrap();
        all.insert(b"martin\x02\0\0".to_vec(), blocks);
    });
    assert!(class.find("martin", 10).is_err());
}
