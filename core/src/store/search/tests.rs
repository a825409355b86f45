use std::collections::BTreeMap;

use super::*;

/// An index of these candidates: last name, first name, number.
fn indexed(generation: u32, names: &[(&str, &str, &str)]) -> (sled::Db, Table) {
    damaged(generation, names, |_| {})
}

/// The same with its entries changed before they are written.
fn damaged(
    generation: u32,
    names: &[(&str, &str, &str)],
    damage: impl FnOnce(&mut BTreeMap<Vec<u8>, Vec<u8>>),
) -> (sled::Db, Table) {
    let db = sled::Config::new().temporary(true).open().unwrap();
    let table = Table::of(db.open_tree("search").unwrap());
    let names = names.iter().map(|(last, first, number)| Name {
        last_name: (*last).to_owned(),
        first_name: (*first).to_owned(),
        number: (*number).to_owned(),
    });
    let mut all: BTreeMap<Vec<u8>, Vec<u8>> = BTreeMap::new();
    let mut before = Vec::new();
    for (key, value) in entries(names.collect()) {
        assert!(before < key || all.is_empty(), "entries come in order");
        before.clone_from(&key);
        all.insert(key, value);
    }
    damage(&mut all);
    for (key, leaf) in leaves::packed(all.into_iter()) {
        table.insert([&generation.to_be_bytes()[..], &key].concat(), leaf).unwrap();
    }
    (db, table)
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
    let (_db, table) = indexed(7, &CLASS);
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
        assert_eq!(find(&table, 7, query, 100).unwrap(), numbers, "{query}");
    }
}

#[test]
fn a_list_is_sorted_by_last_name_first_name_and_number_and_has_an_end() {
    let (_db, table) = indexed(1, &CLASS);
    let all = find(&table, 1, "", 100).unwrap();
    assert_eq!(all.len(), CLASS.len());
    assert_eq!(all[..2], ["0200000002", "0200000001"]);
    assert_eq!(find(&table, 1, " ", 3).unwrap(), all[..3]);
    assert_eq!(find(&table, 1, "0", 2).unwrap().len(), 2);
    assert!(find(&table, 1, "martin", 0).unwrap().is_empty());
}

#[test]
fn homonyms_are_all_found_and_one_generation_does_not_see_another() {
    let homonyms: Vec<String> = (0..index::CHUNK + 10).map(|n| format!("{n:06}")).collect();
    let names: Vec<_> = homonyms.iter().map(|number| ("Dupont", "Marie", number.as_str())).collect();
    let (_db, table) = indexed(3, &names);
    assert_eq!(find(&table, 3, "marie dup", usize::MAX).unwrap(), homonyms);
    assert!(find(&table, 2, "marie", 10).unwrap().is_empty());
    assert!(find(&table, 4, "", 10).unwrap().is_empty());
}

#[test]
fn hostile_queries_find_nothing_and_harm_nothing() {
    let (_db, table) = indexed(1, &CLASS);
    let long = "a".repeat(1_000_000);
    let many = "x ".repeat(100_000);
    for query in [long.as_str(), many.as_str(), "\0", "%", "\u{202e}", "💥", "../..", "' OR 1=1"] {
        let found = find(&table, 1, query, 10).unwrap();
        assert!(found.is_empty() || words::ways(query).is_empty(), "{query:.20}");
    }
}

#[test]
fn a_damaged_index_is_an_error_not_a_wrong_answer() {
    let row = index::row_of(0).0.to_vec();
    let word = b"martin\0\0\0\0\0".to_vec();
    let (_db, table) = damaged(1, &CLASS, |all| {
        all.get_mut(&row).unwrap().pop();
    });
    assert!(find(&table, 1, "", 10).is_err());
    let (_db, table) = damaged(1, &CLASS, |all| {
        all.insert(word, vec![1, 2, 3]).unwrap();
    });
    assert!(find(&table, 1, "martin", 10).is_err());
    assert_eq!(find(&table, 1, "auvergne", 10).unwrap().len(), 1);
    let (_db, table) = damaged(1, &CLASS, |all| {
        all.remove(&row).unwrap();
    });
    assert!(find(&table, 1, "auvergne", 10).is_err());
}
