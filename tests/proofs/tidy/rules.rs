//! The six rules of the house, as far as a text can show them. What only behaviour shows stands
//! elsewhere: rules 3 and 5 in `crash` and `import`, rule 6 in `privacy`.

use copiste_tests::sources::{Source, names, sources};

const PRODUCT: [&str; 3] = ["core/src", "renderers/src", "server/src"];

fn product() -> impl Iterator<Item = Source> {
    PRODUCT.into_iter().flat_map(sources)
}

/// Asserts that `name` stands in no product file outside of the places that may name it.
#[track_caller]
fn only_in(name: &str, places: &[&str]) {
    let strays: Vec<String> = product()
        .filter(|source| !places.iter().any(|place| source.path.starts_with(place)))
        .filter(|source| names(&source.code, name))
        .map(|source| source.path)
        .collect();
    assert!(strays.is_empty(), "`{name}` belongs to {places:?} and stands in {strays:?}");
}

#[test]
fn only_the_server_knows_http_as_a_server() {
    let doors = ["tiny_http", "TcpListener", "UnixListener", "httparse", "askama"];
    for name in doors {
        only_in(name, &["server/src"]);
    }
    // The one exception stands outside of the product: the fixtures' stand-ins for Cyclades and
    // IMAG'IN are the servers that the product talks to.
    for source in sources("fixtures/src") {
        let stand_in = source.path.starts_with("fixtures/src/simulate/");
        let stray = doors.iter().find(|name| names(&source.code, name));
        assert!(stand_in || stray.is_none(), "`{stray:?}` stands in {}", source.path);
    }
}

#[test]
fn only_the_exchange_opens_outward_connections() {
    for name in ["ureq", "TcpStream", "UdpSocket", "ToSocketAddrs"] {
        only_in(name, &["core/src/exchange", "server/src/front"]);
    }
}

#[test]
fn only_the_store_names_sled_and_the_functions_of_archives() {
    for name in ["sled", "rkyv::access", "rkyv::access_unchecked", "rkyv::to_bytes", "rkyv::from_bytes"] {
        only_in(name, &["core/src/store"]);
    }
    for name in ["rkyv::api", "rkyv::deserialize", "rkyv::access_mut"] {
        only_in(name, &["core/src/store"]);
    }
}

#[test]
fn only_the_composer_writes_pdf() {
    for name in ["pdf_writer", "xmp_writer", "subsetter"] {
        only_in(name, &["renderers/src/pdf"]);
    }
}

#[test]
fn only_intake_reads_pdf_and_only_intake_and_the_raster_name_mupdf() {
    only_in("hayro_syntax", &["core/src/intake"]);
    only_in("mupdf", &["core/src/intake", "renderers/src/raster.rs"]);
}

#[test]
fn the_core_and_the_renderers_read_no_clock_no_environment_and_no_random_source() {
    let forbidden = [
        "SystemTime",
        "Instant",
        "chrono",
        "env::var",
        "env::vars",
        "env::var_os",
        "env::args",
        "env::args_os",
        "env::current_dir",
        "env::temp_dir",
        "env::current_exe",
        "env::home_dir",
        "getrandom",
        "thread_rng",
        "RandomState",
        "clock_gettime",
    ];
    let mut strays = Vec::new();
    for source in ["core/src", "renderers/src"].into_iter().flat_map(sources) {
        let code = source.product();
        strays.extend(
            forbidden.iter().filter(|name| names(&code, name)).map(|name| format!("{}: {name}", source.path)),
        );
    }
    assert!(strays.is_empty(), "these come through an argument: {strays:#?}");
}

#[test]
fn no_order_of_a_hash_table_reaches_the_output() {
    // Walking a hash table gives another order each time. Ropes, PDF and ZIP are made of trees and
    // lists; a table that is only ever asked for a key says in its comment that it is never walked.
    let places = ["core/src/rope", "core/src/zip", "core/src/render", "core/src/bulk", "renderers/src"];
    let strays: Vec<String> = places
        .into_iter()
        .flat_map(sources)
        .filter(|source| {
            let code = source.product();
            let hashed = names(&code, "HashMap") || names(&code, "HashSet");
            hashed && !source.text.contains("never walked")
        })
        .map(|source| source.path)
        .collect();
    assert!(strays.is_empty(), "use BTreeMap or BTreeSet in {strays:?}");
}

#[test]
fn no_number_from_outside_sizes_an_allocation_unchecked() {
    // Where bytes from outside are read, every sized allocation shows its bound on its own line, or
    // in a comment that says `bounded` just above. What decodes (`intake/worker`) checks dimensions
    // first and runs in a child process under a limit of memory; `hostile_scans` tries that.
    let calls = ["with_capacity(", "vec![0;", "vec![0_u8;", ".reserve(", ".resize("];
    let mut strays = Vec::new();
    for source in ["core/src/intake", "core/src/store", "core/src/zip"].into_iter().flat_map(sources) {
        if source.path.starts_with("core/src/intake/worker/") {
            continue;
        }
        let product = source.product();
        let text: Vec<&str> = source.text.lines().collect();
        for (at, line) in product.lines().enumerate() {
            let Some(call) = calls.iter().find_map(|call| line.split_once(call).map(|(_, rest)| rest)) else {
                continue;
            };
            let bound = |text: &str| [".len()", ".min(", "ounded"].iter().any(|sign| text.contains(sign));
            let constant =
                call.trim_start_matches([';', 'u', '8', ' ']).split([')', ']', ',', ' ']).next().is_some_and(
                    |size| {
                        let plain =
                            |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_' || c == '<';
                        !size.is_empty() && size.chars().all(plain)
                    },
                );
            let above = text[at.saturating_sub(4)..=at].iter().any(|line| bound(line));
            if !constant && !bound(call) && !above {
                strays.push(format!("{}:{}: {}", source.path, at + 1, line.trim()));
            }
        }
    }
    assert!(strays.is_empty(), "say what bounds these: {strays:#?}");
}
