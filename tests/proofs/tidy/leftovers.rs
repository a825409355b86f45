//! Nothing half done, nothing too long, nothing that can stop the program on bad input.

use copiste_tests::place::workspace;
use copiste_tests::sources::{Source, files, names, sources};

const FOLDERS: [&str; 6] = ["core", "renderers", "server", "fixtures", "benches", "tests"];

fn all() -> impl Iterator<Item = Source> {
    FOLDERS.into_iter().flat_map(sources)
}

#[test]
fn no_file_is_longer_than_700_lines() {
    let long: Vec<String> = all()
        .map(|source| (source.text.lines().count(), source.path))
        .filter(|(lines, _)| *lines > 700)
        .map(|(lines, path)| format!("{path}: {lines}"))
        .collect();
    assert!(long.is_empty(), "{long:#?}");
}

#[test]
fn nothing_is_left_open() {
    // Spelled in two halves, so that this file does not find itself.
    let signs =
        [["to", "do!("], ["unimple", "mented!("], ["FIX", "ME"], ["TO", "DO"], ["XX", "X"], ["#[ig", "nore"]];
    let mut open = Vec::new();
    for source in all() {
        for (at, line) in source.text.lines().enumerate() {
            if signs.iter().any(|sign| line.contains(&sign.concat())) {
                open.push(format!("{}:{}: {}", source.path, at + 1, line.trim()));
            }
        }
    }
    assert!(open.is_empty(), "{open:#?}");
}

#[test]
fn no_name_hides_what_it_holds() {
    let forbidden = ["utils", "util", "helpers", "helper", "manager", "common", "misc"];
    let mut hidden = Vec::new();
    for folder in FOLDERS {
        for path in files(&workspace().join(folder)) {
            let inside = path.strip_prefix(workspace()).expect("it lies in the workspace");
            let told = inside.components().any(|part| {
                let part = part.as_os_str().to_string_lossy();
                forbidden.contains(&part.trim_end_matches(".rs"))
            });
            if told {
                hidden.push(inside.display().to_string());
            }
        }
    }
    for source in all() {
        let inline = forbidden.iter().filter(|name| source.code.contains(&format!("mod {name} ")));
        hidden.extend(inline.map(|name| format!("{}: mod {name}", source.path)));
    }
    assert!(hidden.is_empty(), "{hidden:#?}");
}

#[test]
fn product_code_never_unwraps() {
    // `expect` is allowed where it states why it cannot fail; `unwrap` says nothing.
    let mut strays = Vec::new();
    for source in ["core/src", "renderers/src", "server/src", "fixtures/src"].into_iter().flat_map(sources) {
        for (at, line) in source.product().lines().enumerate() {
            if line.contains(".unwrap()") {
                strays.push(format!("{}:{}", source.path, at + 1));
            }
        }
    }
    assert!(strays.is_empty(), "{strays:#?}");
}

#[test]
fn unsafe_code_stands_in_at_most_one_module_a_crate() {
    for folder in FOLDERS {
        let modules: Vec<String> = sources(folder)
            .into_iter()
            .filter(|source| names(&source.code, "unsafe"))
            .map(|s| s.path)
            .collect();
        assert!(modules.len() <= 1, "{folder}: {modules:?}");
    }
}
