//! What a kill or a full disk at any moment of an import leaves: the exam as it was, or as the
//! bundle says. Needs the feature `failpoints`.

#[path = "../../src/intake/trials/bundle.rs"]
#[allow(dead_code, reason = "shared with the trials of intake")]
mod bundle;

use std::fs;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use copiste_core::intake::worker::{Decoder, DecoderOptions};
use copiste_core::intake::{ImportError, ImportOptions, ImportReport, Outcome, import, load};
use copiste_core::journal::{Actor, Role};
use copiste_core::store::{OpenOptions, Store, verify};
use fail::FailScenario;

use bundle::{Bundle, jpeg};

/// Every place of an import where the world may end, in the order they are passed.
const PLACES: [&str; 14] = [
    "blobs-put",
    "import-before-seal",
    "blobs-sync",
    "blobs-rename",
    "blobs-sync-folders",
    "import-before-execute",
    "import-group",
    "execute-prepared",
    "journal-append",
    "journal-sync",
    "execute-journalled",
    "apply-before-flip",
    "apply-after-flip",
    "import-after-execute",
];

/// Steps that come before the journal's: a full disk there changes nothing.
const BEFORE_JOURNAL: usize = 8;

fn options() -> OpenOptions {
    OpenOptions::new(load, || Ok([7; 32]))
}

fn bring(store: &Store, data: &Path, bundle: &Path) -> Result<ImportReport, ImportError> {
    // These scans pass through: no decoder is ever started.
    let decoder = Decoder::new("/nonexistent", Vec::new(), DecoderOptions::default());
    let options = ImportOptions::new(data, NonZeroUsize::MIN);
    import(store, &decoder, bundle, &options, &Actor::operator(Role::ExamOfficeManager), 5, &())
}

/// What the exam holds, as text that can be compared.
fn contents(store: &Store) -> String {
    let Some(view) = store.exam("E1").unwrap() else { return "nothing".to_owned() };
    let mut text = format!("{:?} {:?}\n", view.exam(), view.counts());
    for script in view.scripts() {
        text += &format!("{:?}\n", script.unwrap().value().unwrap());
    }
    for candidate in view.candidates().unwrap() {
        text += &format!("{:?}\n", candidate.unwrap().value().unwrap());
    }
    text
}

fn corrected() -> Bundle {
    Bundle::good()
        .with("scripts.jsonl", "\"12.5\"", "\"13\"")
        .with("candidates.jsonl", "DURAND", "DUPOND")
        .file("scans/1.jpg", &jpeg(77))
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[test]
fn a_kill_at_any_moment_leaves_all_or_nothing_and_the_next_import_finishes() {
    let _scenario = FailScenario::setup();
    let folder = tempfile::tempdir().unwrap();
    let old = Bundle::good().directory(&folder.path().join("old"));
    let new = corrected().directory(&folder.path().join("new"));
    let expected = {
        let data = folder.path().join("expected");
        let store = Store::open(&data, &options()).unwrap();
        bring(&store, &data, &old).unwrap();
        let before = contents(&store);
        bring(&store, &data, &new).unwrap();
        (before, contents(&store))
    };
    let mut moments = 0;
    for place in PLACES {
        for hit in 0.. {
            let data = folder.path().join(format!("{place}-{hit}"));
            let left = folder.path().join(format!("{place}-{hit}-left"));
            let store = Store::open(&data, &options()).unwrap();
            bring(&store, &data, &old).unwrap();
            let hits = Arc::new(AtomicUsize::new(0));
            let (counted, from, to) = (Arc::clone(&hits), data.clone(), left.clone());
            fail::cfg_callback(place, move || {
                if counted.fetch_add(1, Ordering::SeqCst) == hit {
                    copy(&from, &to);
                }
            })
            .unwrap();
            bring(&store, &data, &new).unwrap();
            fail::remove(place);
            if hits.load(Ordering::SeqCst) <= hit {
                assert!(hit > 0, "{place} is never passed");
                break;
            }
            moments += 1;
            let store = Store::open(&left, &options()).unwrap();
            let found = contents(&store);
            assert!(found == expected.0 || found == expected.1, "{place} {hit}: {found}");
            bring(&store, &left, &new).unwrap();
            assert_eq!(contents(&store), expected.1, "{place} {hit}");
            assert!(!left.join("staging").exists(), "{place} {hit}");
            let report = verify(&store).unwrap();
            assert!(report.findings.is_empty(), "{place} {hit}: {report:?}");
            fs::remove_dir_all(&left).unwrap();
            fs::remove_dir_all(&data).unwrap();
        }
    }
    assert!(moments >= PLACES.len());
}

#[test]
fn a_full_disk_changes_nothing_and_the_next_import_succeeds() {
    let _scenario = FailScenario::setup();
    let folder = tempfile::tempdir().unwrap();
    let old = Bundle::good().directory(&folder.path().join("old"));
    let new = corrected().zip(folder.path(), "");
    let data = folder.path().join("data");
    let store = Store::open(&data, &options()).unwrap();
    bring(&store, &data, &old).unwrap();
    let before = contents(&store);
    for place in &PLACES[..BEFORE_JOURNAL - 2] {
        fail::cfg(*place, "return").unwrap();
        let ended = bring(&store, &data, &new);
        fail::remove(*place);
        // What was durable before the disk was full may be known by now.
        let Err(error) = ended else { panic!("{place} was passed") };
        assert!(!matches!(error, ImportError::Refused(_)), "{place}: {error}");
        assert!(error.to_string().contains("nothing was changed"), "{place}: {error}");
        assert_eq!(contents(&store), before, "{place}");
        assert!(!data.join("staging").exists(), "{place}");
    }
    assert_eq!(bring(&store, &data, &new).unwrap().outcome, Outcome::Imported);
    assert!(contents(&store) != before);
}
