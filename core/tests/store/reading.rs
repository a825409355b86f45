//! Archives and copies of a closed exam for readers, over a real store.

use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use copiste_core::bulk::{Archive, Job, OneCopy, Plan, PlanRequest, Quiet, Selection, planned};
use copiste_core::journal::{Answer, Command, Sent, Target};
use copiste_core::render::{Composer, Copy, Press, Profile, Registry, RenderError, Subject};
use copiste_core::rope::Rope;
use copiste_core::store::Store;
use tempfile::tempdir;

use crate::academy::*;
use crate::lives::{hold, launch};

/// Name, number of annotations, scans.
struct Plain;

impl Composer for Plain {
    fn compose(
        &self,
        subject: &Subject<'_>,
        _profile: Profile,
        _copy: &Copy,
        rope: &mut Rope,
    ) -> Result<(), RenderError> {
        let head = format!("{} {}\n", subject.candidate.last_name, subject.annotations.len());
        rope.push_owned(head.as_bytes());
        for scan in subject.script.pages.iter().filter_map(|page| page.scan.as_ref()) {
            rope.push_blob(scan.image.blob.get());
        }
        rope.push_owned(b"end\n");
        Ok(())
    }
}

fn press() -> Arc<Press> {
    Arc::new(Press::new(Registry::new(), Box::new(Plain)))
}

fn closed(dir: &Path) -> Store {
    let store = open(dir);
    let numbers: Vec<String> = (1..=100).map(|number| format!("{number:03}")).collect();
    let numbers: Vec<&str> = numbers.iter().map(String::as_str).collect();
    let mut bundle = Bundle::of("E1", &numbers);
    bundle.person("050").annotations = 400;
    import(&store, &bundle, 1);
    store.execute(&launch(&store, "E1"), &manager(), 2).unwrap();
    let sent = Sent {
        exam: "E1".to_owned(),
        target: Target::Cyclades,
        number: 1,
        answer: Answer::Committed { accepted: 1, rejected: 0, list: None },
        requests: 1,
        took_ms: 1,
    };
    store.execute(&Command::Sent(sent), &manager(), 3).unwrap();
    store
}

fn plan_of(dir: &Path, store: &Store, press: &Press) -> Plan {
    let view = store.exam("E1").unwrap().unwrap();
    let cancel = AtomicBool::new(false);
    let scratch = dir.join("scratch");
    let job = Job {
        source: &view,
        blobs: store.blobs(),
        press,
        scratch: &scratch,
        threads: 1,
        progress: &Quiet,
        cancel: &cancel,
    };
    let request = PlanRequest { selection: Selection::default(), profile: Profile::FULL };
    planned(&dir.join("plans"), &job, &request).unwrap()
}

fn kept(dir: &Path) -> Vec<PathBuf> {
    fs::read_dir(dir.join("plans")).unwrap().map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn an_archive_of_a_closed_exam_outlives_a_restart_and_goes_with_the_state_it_was_of() {
    let dir = tempdir().unwrap();
    let (store, press) = (closed(dir.path()), press());
    let view = store.exam("E1").unwrap().unwrap();
    let archive = Archive::new(view.clone(), press.clone(), plan_of(dir.path(), &store, &press));
    let mut whole = Vec::new();
    archive.pour(0..archive.length(), &mut whole).unwrap();
    let mut reader = zip::ZipArchive::new(Cursor::new(&whole)).unwrap();
    assert_eq!(reader.len(), 101);

    // A copy alone is its entry, by number and by place.
    let mut entry = Vec::new();
    std::io::copy(&mut reader.by_index(50).unwrap(), &mut entry).unwrap();
    let name = reader.by_index(50).unwrap().name().unwrap().into_owned();
    for copy in [
        OneCopy::of(&view, &press, "050", Profile::FULL).unwrap(),
        OneCopy::at(&view, &press, 49, Profile::FULL).unwrap(),
    ] {
        let mut bytes = Vec::new();
        copy.pour(0..copy.length(), &mut bytes).unwrap();
        assert!(bytes == entry && bytes.starts_with(b"Zeller050 400\n"));
        assert_eq!((copy.candidate(), copy.renderable_at()), ("050", 3));
        assert!(name.ends_with(copy.file_name()) && !copy.file_name().contains('/'));
    }
    let past = OneCopy::at(&view, &press, 100, Profile::FULL).err().unwrap().to_string();
    assert!(past.starts_with("BLK-002"), "{past}");

    let before = kept(dir.path());
    assert_eq!(before.len(), 1);
    let written = fs::metadata(&before[0]).unwrap().modified().unwrap();
    let (etag, length) = (archive.etag(), archive.length());
    drop((archive, view, store));
    let store = open(dir.path());
    let view = store.exam("E1").unwrap().unwrap();
    let archive = Archive::new(view, press.clone(), plan_of(dir.path(), &store, &press));
    assert_eq!((archive.etag(), archive.length()), (etag, length));
    assert_eq!(fs::metadata(&before[0]).unwrap().modified().unwrap(), written);
    let mut rest = Vec::new();
    archive.pour(length / 3..length, &mut rest).unwrap();
    assert!(rest == whole[(length / 3) as usize..]);

    // Whatever is done to the exam makes another plan, and takes the earlier one away.
    drop(archive);
    hold(&store, "E1", "001", false).unwrap();
    assert_eq!(plan_of(dir.path(), &store, &press).outline().etag(), etag);
    let after = kept(dir.path());
    assert!(after.len() == 1 && after != before);
}
