//! The README's tables of error codes say all of them, once, and no other.

use std::collections::BTreeSet;

use copiste_tests::place::workspace;
use copiste_tests::sources::{Source, sources};

const PRODUCT: [&str; 4] = ["core/src", "renderers/src", "server/src", "fixtures/src"];

/// The codes in a line: words such as `STO-006`. What only looks like one is named here.
fn codes(line: &str) -> impl Iterator<Item = &str> {
    line.split(|sign: char| !sign.is_ascii_alphanumeric() && sign != '-').filter(|word| {
        let (family, number) = word.split_once('-').unwrap_or_default();
        let is_code = family.len() == 3 && family.bytes().all(|byte| byte.is_ascii_uppercase());
        is_code && number.len() == 3 && number.bytes().all(|byte| byte.is_ascii_digit()) && *word != "SHA-256"
    })
}

/// The codes that a product file holds in its strings.
fn in_product(source: &Source) -> BTreeSet<String> {
    let (product, bare) = (source.product(), source.code.lines().collect::<Vec<_>>());
    let product: Vec<&str> = product.lines().collect();
    let mut found = BTreeSet::new();
    for (at, line) in source.text.lines().enumerate() {
        // A code is never code, so what is left of it on its line is a string or a comment.
        if line.trim_start().starts_with("//") {
            continue;
        }
        // A line of nothing but a string belongs to the code above it, and with that to the tests or not.
        let above = (0..=at).rev().find(|above| bare.get(*above).is_some_and(|code| !code.trim().is_empty()));
        if above.is_some_and(|above| product.get(above) == bare.get(above)) {
            found.extend(codes(line).map(str::to_owned));
        }
    }
    found
}

/// The rows of the chapter: the cells of each.
fn rows(readme: &str) -> Vec<Vec<&str>> {
    let (_, chapter) = readme.split_once("\n## Error codes\n").expect("there is a chapter on error codes");
    let chapter = chapter.split("\n## ").next().unwrap_or_default();
    let rows = chapter.lines().filter(|line| line.starts_with("| `"));
    rows.map(|row| row.trim_matches('|').split('|').map(str::trim).collect()).collect()
}

#[test]
fn every_error_code_has_one_row_in_the_readme_and_every_row_a_code() {
    let readme = std::fs::read_to_string(workspace().join("README.md")).expect("there is a README");
    let product: BTreeSet<String> =
        PRODUCT.into_iter().flat_map(sources).flat_map(|source| in_product(&source)).collect();
    let mut told = BTreeSet::new();
    for row in rows(&readme) {
        let [code, happened, remedy] = row[..] else { panic!("a row of other than three cells: {row:?}") };
        assert!(!happened.is_empty() && !remedy.is_empty(), "{code} says too little");
        assert!(told.insert(code.trim_matches('`').to_owned()), "{code} has two rows");
    }
    let untold: Vec<&String> = product.difference(&told).collect();
    assert!(untold.is_empty(), "these have no row in the README: {untold:?}");
    let gone: Vec<&String> = told.difference(&product).collect();
    assert!(gone.is_empty(), "these are in the README and in no string of the product: {gone:?}");
}

#[test]
fn a_code_counts_in_the_strings_of_the_product_alone() {
    let text = "/// AAA-001\nf(\n    \"AAA-002 a\\\n     b, AAA-003\",\n);\n#[cfg(test)]\nmod tests {\n    \"AAA-004\"\n}\n";
    let file = tempfile::NamedTempFile::new().expect("a file for the while");
    std::fs::write(file.path(), text).expect("it can be written");
    let source = Source::read(file.path());
    assert_eq!(in_product(&source), BTreeSet::from(["AAA-002".to_owned(), "AAA-003".to_owned()]));
    assert_eq!(codes("SHA-256 HMAC-SHA-256 BND-0xx STO-0061 SCN-004.").collect::<Vec<_>>(), ["SCN-004"]);
}
