//! What a crash, a full disk or a panic at any moment leaves of a data directory. Needs the
//! feature `failpoints`.

#[path = "../store/academy.rs"]
#[allow(dead_code, reason = "shared with the other tests of the store")]
mod academy;
#[path = "../store/acts.rs"]
mod acts;
#[path = "../store/lives.rs"]
#[allow(dead_code, reason = "shared with the other tests of the store")]
mod lives;

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use copiste_core::backup::{Under, Watch, backup, restore};
use copiste_core::process::keeping::purge;
use copiste_core::store::{BlobSink, Store, verify};
use fail::FailScenario;
use proptest::prelude::*;
use tempfile::tempdir;

use academy::*;
use acts::{Act, act, perform};

/// Every place of the store where the world may end.
const PLACES: [&str; 12] = [
    "blobs-put",
    "blobs-sync",
    "blobs-rename",
    "blobs-sync-folders",
    "import-group",
    "execute-prepared",
    "journal-append",
    "journal-sync",
    "execute-journalled",
    "apply-before-flip",
    "apply-after-flip",
    "store-flush",
];

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

/// Runs `with` and keeps, as a killed process would have left it, the data directory at the
/// `hit`-th time that `place` is passed. False when it is not passed so often.
fn killed_at(place: &str, hit: usize, dir: &Path, left: &Path, with: impl FnOnce()) -> bool {
    let hits = Arc::new(AtomicUsize::new(0));
    let (counted, dir, left) = (Arc::clone(&hits), dir.to_owned(), left.to_owned());
    let ours = std::thread::current().id();
    fail::cfg_callback(place, move || {
        // Another thread's database must not be taken for this one's.
        if std::thread::current().id() == ours && counted.fetch_add(1, Ordering::SeqCst) == hit {
            copy(&dir, &left);
        }
    })
    .unwrap();
    with();
    fail::remove(place);
    hits.load(Ordering::SeqCst) > hit
}

fn sound(store: &Store) {
    assert_eq!(verify(store).unwrap().findings, []);
}

#[test]
fn a_kill_anywhere_in_an_import_leaves_all_of_it_or_nothing() {
    let _scenario = FailScenario::setup();
    let (first, mut second) = (Bundle::of("E1", &["001", "002"]), Bundle::of("E1", &["002", "003"]));
    second.person("003").annotations = 400;
    let (before, after) = {
        let dir = tempdir().unwrap();
        let store = open(dir.path());
        import(&store, &first, 1);
        let before = seen(&store);
        import(&store, &second, 2);
        (before, seen(&store))
    };
    for place in PLACES {
        for hit in 0.. {
            let (dir, left) = (tempdir().unwrap(), tempdir().unwrap());
            let store = open(dir.path());
            import(&store, &first, 1);
            if !killed_at(place, hit, dir.path(), left.path(), || {
                import(&store, &second, 2);
            }) {
                assert!(hit > 0, "{place} is not passed by an import");
                break;
            }
            let store = open(left.path());
            let found = seen(&store);
            assert!(found == before || found == after, "{place} {hit}");
            sound(&store);
            // Running the command again finishes the job.
            import(&store, &second, 2);
            assert_eq!(seen(&store), after, "{place} {hit}");
            sound(&store);
        }
    }
}

#[test]
fn a_full_disk_refuses_the_command_and_leaves_what_was() {
    let _scenario = FailScenario::setup();
    for place in
        PLACES.into_iter().filter(|place| !place.starts_with("apply") && !place.starts_with("execute"))
    {
        let dir = tempdir().unwrap();
        let store = open(dir.path());
        import(&store, &Bundle::of("E1", &["001"]), 1);
        let before = seen(&store);
        let mut bundle = Bundle::of("E1", &["001", "002"]);
        // Enough annotations that the store itself writes a blob.
        bundle.person("002").annotations = 400;
        let command = import_command(&store, &bundle);
        fail::cfg(place, "return").unwrap();
        let error = store.execute(&command, &manager(), 2).unwrap_err().to_string();
        fail::remove(place);
        if place == "store-flush" {
            // Journalled, so it will be applied: nothing is lost, nothing else is taken.
            assert!(error.starts_with("STO-025 line 2"), "{error}");
            let again = store.execute(&command, &manager(), 2).unwrap_err().to_string();
            assert!(again.starts_with("STO-026"), "{again}");
            let told = store.takes_commands().unwrap_err().to_string();
            assert!(told.starts_with("STO-026"), "{told}");
        } else {
            store.takes_commands().unwrap();
            assert!(["STO-010", "STO-012", "JRN-001"].iter().any(|code| error.starts_with(code)), "{error}");
            assert_eq!(seen(&store), before, "{place}");
            sound(&store);
            assert_eq!(store.execute(&command, &manager(), 2).unwrap().line, Some(2), "{place}");
        }
        drop(store);
        let store = open(dir.path());
        assert_eq!(store.exam("E1").unwrap().unwrap().counts().scripts, 2, "{place}");
        assert_eq!(fs::read_dir(dir.path().join("blobs/incoming")).unwrap().count(), 0, "{place}");
        sound(&store);
    }
}

#[test]
fn a_blob_that_could_not_be_written_spoils_its_batch() {
    let _scenario = FailScenario::setup();
    let dir = tempdir().unwrap();
    let store = open(dir.path());
    let batch = store.blobs().begin();
    batch.put(b"one").unwrap();
    fail::cfg("blobs-put", "return").unwrap();
    assert_eq!(batch.put(b"two").unwrap_err().raw_os_error(), Some(28));
    fail::remove("blobs-put");
    // Whoever brings the same bytes is told that they are here already, so the batch must not hold.
    batch.put(b"two").unwrap();
    assert!(batch.seal().is_err());
    let batch = store.blobs().begin();
    for bytes in [b"one".as_slice(), b"two"] {
        batch.put(bytes).unwrap();
    }
    batch.seal().unwrap();
    store.blobs().check(&blob_of(b"one")).unwrap();
    store.blobs().check(&blob_of(b"two")).unwrap();
}

#[test]
fn a_panic_in_the_middle_halts_commands_until_the_data_directory_is_opened_again() {
    let _scenario = FailScenario::setup();
    for place in ["import-group", "execute-prepared", "execute-journalled", "apply-before-flip"] {
        let dir = tempdir().unwrap();
        let store = open(dir.path());
        import(&store, &Bundle::of("E1", &["001"]), 1);
        let second = Bundle::of("E1", &["002"]);
        let command = import_command(&store, &second);
        fail::cfg(place, "panic").unwrap();
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let _ = store.execute(&command, &manager(), 2);
        }));
        fail::remove(place);
        assert!(panicked.is_err(), "{place}");
        let halted = store.execute(&command, &manager(), 2).unwrap_err().to_string();
        assert!(halted.starts_with("STO-026"), "{halted}");
        // Readers still see one exam or the other.
        assert_eq!(store.exam("E1").unwrap().unwrap().scripts().count(), 1);
        drop(store);
        let store = open(dir.path());
        store.execute(&command, &manager(), 2).unwrap();
        assert_eq!(store.exam("E1").unwrap().unwrap().search("", 10).unwrap(), ["002"], "{place}");
        sound(&store);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn a_life_with_a_crash_ends_as_one_without(
        acts in prop::collection::vec(act(), 1..10),
        when in any::<prop::sample::Index>(),
        place in prop::sample::select(&PLACES[..]),
        hit in 0..3_usize,
    ) {
        let _scenario = FailScenario::setup();
        let (dir, left, calm) = (tempdir().unwrap(), tempdir().unwrap(), tempdir().unwrap());
        let crash = when.index(acts.len());
        let mut lived_in = dir.path();
        let mut store = open(lived_in);
        for (n, act) in acts.iter().enumerate() {
            let at = 100 + n as i64;
            if matches!(act, Act::Reopen) {
                drop(store);
                store = open(lived_in);
            }
            let act_on = || perform(&store, act, at);
            if n != crash {
                act_on();
            } else if killed_at(place, hit, dir.path(), left.path(), act_on) {
                // The rest of this life is lived by what the kill left; the act is done again.
                drop(store);
                lived_in = left.path();
                store = open(lived_in);
                sound(&store);
                perform(&store, act, at);
            }
        }
        let undisturbed = open(calm.path());
        for (act, at) in acts.iter().zip(100..) {
            perform(&undisturbed, act, at);
        }
        prop_assert_eq!(seen(&store), seen(&undisturbed));
        sound(&store);
    }
}

/// The places of a purge, from the first journal line to the old database's end.
const OF_A_PURGE: [&str; 14] = [
    "blobs-put",
    "blobs-rename",
    "execute-prepared",
    "journal-append",
    "journal-sync",
    "execute-journalled",
    "apply-before-flip",
    "apply-after-flip",
    "store-flush",
    "purge-exam-done",
    "forget-blob",
    "forget-copied",
    "forget-aside",
    "forget-swapped",
];

#[test]
fn a_purge_killed_anywhere_is_finished_by_the_next_and_leaves_nothing_behind() {
    let _scenario = FailScenario::setup();
    let after = {
        let dir = tempdir().unwrap();
        seen(&lives::purged(lives::lived(dir.path())).0)
    };
    for place in OF_A_PURGE {
        for hit in 0.. {
            let (dir, left) = (tempdir().unwrap(), tempdir().unwrap());
            let store = lives::lived(dir.path());
            let before = seen(&store);
            if !killed_at(place, hit, dir.path(), left.path(), || {
                lives::purged(store);
            }) {
                assert!(hit > 0, "{place} is not passed by a purge");
                break;
            }
            // Opening it finishes what was begun: all of an exam, or nothing.
            let store = open(left.path());
            let found = seen(&store);
            assert!(found == before || found == after, "{place} {hit}");
            sound(&store);
            drop(store);
            if found == after {
                lives::nothing_left(left.path());
            }
            // The next purge ends as an undisturbed one, whatever was there.
            let (store, report) = lives::purged(open(left.path()));
            assert_eq!(report.forgotten.left, [], "{place} {hit}");
            assert_eq!(seen(&store), after, "{place} {hit}");
            sound(&store);
            drop(store);
            lives::nothing_left(left.path());
            for folder in ["db.new", "db.past"] {
                assert!(!left.path().join(folder).exists(), "{place} {hit}: {folder}");
            }
        }
    }
}

#[test]
fn a_disk_that_refuses_in_the_middle_of_a_purge_is_told_and_the_next_opening_goes_on() {
    let _scenario = FailScenario::setup();
    let dir = tempdir().unwrap();
    let store = lives::lived(dir.path());
    fail::cfg("forget-blob", "1*return").unwrap();
    let error = purge(store, &options(), &manager(), lives::BEFORE, lives::later()).err().unwrap();
    fail::remove("forget-blob");
    assert!(error.to_string().starts_with("KEP-011"), "{error}");
    assert!(!lives::files_with(dir.path(), "Zeller001").is_empty(), "it must have something to finish");
    let store = open(dir.path());
    sound(&store);
    drop(store);
    lives::nothing_left(dir.path());
}

/// Watches nothing.
struct Unwatched;

impl Watch for Unwatched {
    fn begin(&self, _entries: u64, _bytes: u64) {}
    fn advance(&self, _bytes: u64) {}
}

#[test]
fn a_backup_or_a_restore_killed_anywhere_leaves_none_and_the_same_command_makes_it() {
    let _scenario = FailScenario::setup();
    let cancel = AtomicBool::new(false);
    let under = Under { watch: &Unwatched, cancel: &cancel };
    let home = tempdir().unwrap();
    let store = lives::lived(&home.path().join("data"));
    let whole = home.path().join("whole");
    backup(&store, &whole, 7, &under).unwrap();
    let bytes = fs::read(&whole).unwrap();
    for place in ["backup-entry", "backup-written"] {
        for hit in 0.. {
            let (out, left) = (tempdir().unwrap(), tempdir().unwrap());
            if !killed_at(place, hit, out.path(), left.path(), || {
                backup(&store, &out.path().join("b.zip"), 7, &under).unwrap();
            }) {
                assert!(hit > 0, "{place} is not passed by a backup");
                break;
            }
            let again = left.path().join("b.zip");
            assert!(!again.exists(), "{place} {hit}");
            backup(&store, &again, 7, &under).unwrap();
            assert_eq!(fs::read(&again).unwrap(), bytes, "{place} {hit}");
            assert_eq!(fs::read_dir(left.path()).unwrap().count(), 1, "{place} {hit}");
        }
    }
    for place in ["restore-entry", "restore-unpacked", "blobs-rename", "apply-before-flip", "restore-rebuilt"]
    {
        for hit in 0.. {
            let (out, left) = (tempdir().unwrap(), tempdir().unwrap());
            if !killed_at(place, hit, out.path(), left.path(), || {
                restore(&whole, &out.path().join("data"), &options(), &under).unwrap();
            }) {
                assert!(hit > 0, "{place} is not passed by a restore");
                break;
            }
            let again = left.path().join("data");
            assert!(!again.exists(), "{place} {hit}");
            restore(&whole, &again, &options(), &under).unwrap();
            let restored = open(&again);
            assert_eq!(seen(&restored), seen(&store), "{place} {hit}");
            sound(&restored);
            assert_eq!(fs::read_dir(left.path()).unwrap().count(), 1, "{place} {hit}");
        }
    }
}

#[test]
fn a_backup_and_a_restore_that_find_no_room_say_so_and_write_nothing() {
    let _scenario = FailScenario::setup();
    let cancel = AtomicBool::new(false);
    let under = Under { watch: &Unwatched, cancel: &cancel };
    let home = tempdir().unwrap();
    let store = lives::lived(&home.path().join("data"));
    let (file, data) = (home.path().join("b.zip"), home.path().join("restored"));
    fail::cfg("backup-room", "return(1000)").unwrap();
    let error = backup(&store, &file, 7, &under).unwrap_err().to_string();
    assert!(error.starts_with("KEP-023") && error.contains("1000 are free"), "{error}");
    fail::remove("backup-room");
    backup(&store, &file, 7, &under).unwrap();
    fail::cfg("backup-room", "return(1000)").unwrap();
    let error = restore(&file, &data, &options(), &under).unwrap_err().to_string();
    assert!(error.starts_with("KEP-033") && error.contains("1000 are free"), "{error}");
    fail::remove("backup-room");
    // Ended by whoever asked, there is none either.
    cancel.store(true, Ordering::SeqCst);
    let error = backup(&store, &home.path().join("c.zip"), 7, &under).unwrap_err().to_string();
    assert!(error.starts_with("KEP-025"), "{error}");
    let error = restore(&file, &data, &options(), &under).unwrap_err().to_string();
    assert!(error.starts_with("KEP-035"), "{error}");
    let mut left: Vec<_> =
        fs::read_dir(home.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["b.zip", "data"]);
}
