//! The top level of the house, and the doors of its crates.

use std::collections::BTreeSet;
use std::process::Command;

use copiste_tests::place::workspace;
use copiste_tests::sources::Source;

/// What is kept at the top level; in a copy without history, what lies there.
fn top_level() -> BTreeSet<String> {
    let kept = Command::new("git").arg("ls-files").current_dir(workspace()).output();
    match kept {
        Ok(kept) if kept.status.success() && !kept.stdout.is_empty() => String::from_utf8_lossy(&kept.stdout)
            .lines()
            .filter_map(|path| path.split('/').next().map(str::to_owned))
            .collect(),
        _ => std::fs::read_dir(workspace())
            .expect("the workspace can be read")
            .map(|entry| entry.expect("an entry can be read").file_name().to_string_lossy().into_owned())
            .filter(|name| name != "target")
            .collect(),
    }
}

#[test]
fn the_top_level_holds_what_the_owner_fixed_and_nothing_else() {
    let owner = ["Cargo.toml", "core", "renderers", "server", "fixtures", "benches", "tests", "README.md"];
    let beside = ["Cargo.lock", "Makefile", "LICENSE"];
    let there = top_level();
    for name in owner.iter().chain(&beside) {
        assert!(there.contains(*name), "{name} is missing");
    }
    let strays: Vec<&String> = there
        .iter()
        .filter(|name| {
            !name.starts_with('.') && !owner.contains(&name.as_str()) && !beside.contains(&name.as_str())
        })
        .collect();
    assert!(strays.is_empty(), "{strays:?}");
}

#[test]
fn the_licence_is_the_affero_licence() {
    let licence = std::fs::read_to_string(workspace().join("LICENSE")).expect("there is a licence");
    assert!(licence.contains("GNU AFFERO GENERAL PUBLIC LICENSE"));
    assert!(licence.contains("Version 3, 19 November 2007"));
}

#[test]
fn every_crate_says_at_its_door_what_it_is() {
    for door in ["core/src", "renderers/src", "server/src", "fixtures/src", "benches/src", "tests/src"] {
        let source = Source::read(&workspace().join(door).join("lib.rs"));
        let docs: Vec<&str> = source.text.lines().take_while(|line| line.starts_with("//!")).collect();
        assert!(docs.len() >= 2, "{door}/lib.rs says too little of itself");
    }
}

#[test]
fn the_libraries_others_build_on_show_a_runnable_example_at_their_door() {
    for door in ["core/src", "renderers/src"] {
        let source = Source::read(&workspace().join(door).join("lib.rs"));
        let example =
            source.text.lines().take_while(|line| line.starts_with("//!")).any(|line| line == "//! ```");
        assert!(example, "{door}/lib.rs shows no runnable example");
    }
}
