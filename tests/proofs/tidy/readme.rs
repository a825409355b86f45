//! What the README says is so.

use std::collections::BTreeSet;
use std::path::Path;

use copiste_tests::command::run;
use copiste_tests::place::{binary, workspace};

fn readme() -> String {
    std::fs::read_to_string(workspace().join("README.md")).expect("there is a README")
}

/// The part under one heading.
fn chapter(title: &str) -> String {
    let text = readme();
    let from = text.find(&format!("\n## {title}\n")).unwrap_or_else(|| panic!("no chapter {title}"));
    let rest = &text[from + 4..];
    rest[..rest.find("\n## ").unwrap_or(rest.len())].to_owned()
}

/// The fenced blocks of a language.
fn blocks(text: &str, language: &str) -> Vec<String> {
    let open = format!("```{language}\n");
    text.split(&open).skip(1).filter_map(|rest| rest.split("\n```").next()).map(str::to_owned).collect()
}

/// Folders of a crate's sources, one and two levels deep, as the architecture chapter names them.
fn folders() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for member in ["core", "renderers", "server", "fixtures", "benches", "tests"] {
        found.insert(format!("{member}/"));
        for inside in ["src", "proofs", "benches"] {
            let start = workspace().join(member).join(inside);
            let Ok(entries) = std::fs::read_dir(&start) else { continue };
            for entry in entries {
                let path = entry.expect("an entry can be read").path();
                if path.is_dir() && !path.ends_with("bin") {
                    let path = path.strip_prefix(workspace()).expect("inside");
                    found.insert(format!("{}/", path.display()));
                }
            }
        }
    }
    found
}

#[test]
fn the_architecture_chapter_names_every_folder_that_exists_and_none_that_does_not() {
    let text = chapter("Architecture");
    for folder in folders() {
        assert!(text.contains(&format!("`{folder}`")), "the chapter does not name {folder}");
    }
    let named =
        text.split('`').skip(1).step_by(2).filter(|code| code.ends_with('/') || code.ends_with(".rs"));
    for name in named {
        assert!(workspace().join(name).exists(), "the chapter names {name}, which does not exist");
    }
}

#[test]
fn the_architecture_chapter_is_read_in_five_minutes() {
    let words = chapter("Architecture").split_whitespace().count();
    assert!((300..1_200).contains(&words), "{words} words");
}

#[test]
fn every_command_the_readme_shows_exists() {
    let text = readme();
    let makefile = std::fs::read_to_string(workspace().join("Makefile")).expect("a Makefile");
    let mut seen = 0;
    for block in blocks(&text, "sh") {
        for line in block.lines() {
            let mut words = line.split_whitespace();
            let (Some(program), Some(name)) = (words.next(), words.next()) else { continue };
            match program {
                "make" => assert!(makefile.contains(&format!("\n{name}:")), "make {name}"),
                "copiste" | "copiste-fixtures" => {
                    let mut help = run(binary(program), &[&name, &"--help"]).expect(0).out;
                    if help.contains("\nCommands:") {
                        let command = words.next().expect("a command of a command");
                        help = run(binary(program), &[&name, &command, &"--help"]).expect(0).out;
                    }
                    for option in words.filter(|word| word.starts_with("--")) {
                        let option = option.split('=').next().unwrap_or(option);
                        assert!(help.contains(option), "{line}: {name} has no {option}");
                    }
                }
                _ => continue,
            }
            seen += 1;
        }
    }
    assert!(seen >= 10, "the README shows {seen} commands");
}

#[test]
fn every_command_that_exists_is_in_the_readme() {
    let text = readme();
    for program in ["copiste", "copiste-fixtures"] {
        let help = run(binary(program), &[&"--help"]).expect(0).out;
        let commands = help.lines().skip_while(|line| !line.starts_with("Commands:")).skip(1);
        for line in commands.take_while(|line| line.starts_with("  ")) {
            let Some(name) = line.strip_prefix("  ").filter(|line| !line.starts_with(' ')) else { continue };
            let name = name.split_whitespace().next().unwrap_or_default();
            if name != "help" {
                assert!(text.contains(&format!("{program} {name}")), "{program} {name} is not in the README");
            }
        }
    }
}

#[test]
fn the_example_of_a_third_partys_renderer_is_the_one_that_is_compiled() {
    let example =
        std::fs::read_to_string(workspace().join("renderers/examples/third_party.rs")).expect("the example");
    let shown = blocks(&readme(), "rust");
    let code: Vec<&str> =
        example.lines().skip_while(|line| line.starts_with("//!") || line.is_empty()).collect();
    assert!(
        shown.iter().any(|block| block.lines().eq(code.iter().copied())),
        "the README shows another example"
    );
    assert!(code.len() <= 20, "it has {} lines", code.len());
}

#[test]
fn the_readme_speaks_of_the_project_alone() {
    let text = readme();
    for word in ["/work/", "/root/", "/home/"] {
        assert!(!text.contains(word), "{word}");
    }
    assert!(Path::new(&workspace().join("README.md")).exists());
    for word in ["fxhash", "instant", "AGPL-3.0-or-later"] {
        assert!(text.contains(word), "the README does not name {word}");
    }
}

#[test]
fn the_reference_of_settings_is_what_copiste_config_says() {
    let empty = tempfile::tempdir().expect("a folder");
    let text = readme();
    let listing = run(binary("copiste"), &[&"config", &"--data", &empty.path()]).expect(0).out;
    let mut rows = Vec::new();
    for line in listing.lines() {
        // A name, its value, where it comes from, its meaning, its variable.
        let (name, rest) = line.split_once(" = ").expect("a value");
        let (value, rest) = rest.split_once("   # default; ").expect("it is the default");
        let (meaning, variable) = rest.rsplit_once("; variable ").expect("a variable");
        let value = if value.is_empty() { String::new() } else { format!("`{value}` ") };
        rows.push(format!("| `{name}` | {value}| `{variable}` | {meaning} |"));
    }
    assert!(rows.len() > 40, "{listing}");
    for row in &rows {
        assert!(text.contains(row.as_str()), "the README does not say: {row}");
    }
    let (_, table) =
        text.split_once("| setting | default | variable | meaning |").expect("there is a reference");
    let shown = table.lines().skip(2).take_while(|line| line.starts_with("| `")).count();
    assert_eq!(shown, rows.len(), "the README says more");
}
