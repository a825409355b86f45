//! The list of clauses names tests that exist.

use std::fs;
use std::path::Path;

#[test]
fn every_test_that_the_clauses_name_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let clauses = fs::read_to_string(root.join("src/pdf/CLAUSES.md")).expect("the clauses");
    let mut named = 0;
    for name in clauses.split('`').skip(1).step_by(2) {
        let Some((module, test)) = name.split_once("::") else { continue };
        let places =
            ["tests/edition", "src/pdf"].map(|folder| root.join(folder).join(format!("{module}.rs")));
        let Some(source) = places.iter().find_map(|place| fs::read_to_string(place).ok()) else { continue };
        named += 1;
        assert!(test == "*" || source.contains(&format!("fn {test}(")), "{name}");
    }
    assert!(named > 20, "only {named} were looked up");
}
