//! Which crate may depend on which, read from the manifests.

use copiste_tests::place::workspace;

/// The normal dependencies of a member; `dev` asks for those of its tests.
fn dependencies(member: &str, table: &str) -> Vec<String> {
    let manifest = std::fs::read_to_string(workspace().join(member).join("Cargo.toml")).expect("a manifest");
    let manifest: toml::Table = manifest.parse().expect("it is TOML");
    let Some(table) = manifest.get(table).and_then(toml::Value::as_table) else { return Vec::new() };
    table.keys().cloned().collect()
}

#[test]
fn dependencies_point_one_way() {
    for (member, allowed) in [
        ("core", &[][..]),
        ("renderers", &["copiste-core"]),
        ("fixtures", &["copiste-core"]),
        ("server", &["copiste-core", "copiste-renderers"]),
    ] {
        for table in ["dependencies", "dev-dependencies", "build-dependencies"] {
            let ours = dependencies(member, table);
            let strays: Vec<&String> = ours
                .iter()
                .filter(|name| name.starts_with("copiste-") && !allowed.contains(&name.as_str()))
                .collect();
            let fixtures_in_tests =
                table == "dev-dependencies" && strays.iter().all(|name| *name == "copiste-fixtures");
            assert!(strays.is_empty() || fixtures_in_tests, "{member} may not depend on {strays:?}");
        }
    }
}

#[test]
fn what_one_crate_owns_no_other_depends_on() {
    let owners = [
        ("sled", &["core"][..]),
        ("ureq", &["core"]),
        ("tiny_http", &["server"]),
        // The fixtures stand in for the servers that the product talks to.
        ("httparse", &["server", "fixtures"]),
        ("askama", &["server"]),
        ("mupdf", &["core", "renderers"]),
        ("hayro-syntax", &["core", "fixtures"]),
        ("pdf-writer", &["renderers"]),
        ("subsetter", &["renderers"]),
        ("clap", &["server", "fixtures"]),
        ("anyhow", &["server", "fixtures"]),
    ];
    for member in ["core", "renderers", "server", "fixtures"] {
        for name in dependencies(member, "dependencies") {
            let owner = owners.iter().find(|(owned, _)| *owned == name);
            assert!(
                owner.is_none_or(|(_, members)| members.contains(&member)),
                "{member} may not depend on {name}"
            );
        }
    }
}

#[test]
fn tests_and_benches_are_never_published() {
    for member in ["tests", "benches"] {
        let manifest =
            std::fs::read_to_string(workspace().join(member).join("Cargo.toml")).expect("a manifest");
        assert!(manifest.contains("publish.workspace = true"), "{member} inherits `publish = false`");
    }
    let root = std::fs::read_to_string(workspace().join("Cargo.toml")).expect("a manifest");
    assert!(root.contains("publish = false"));
}
