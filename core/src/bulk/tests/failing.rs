//! What a job does when the disk or a renderer fails under it.

use std::fs;
use std::sync::atomic::AtomicBool;

use super::invented::{Academy, FAST, entries, tree};
use crate::bulk::*;
use crate::render::Profile;

const DURABLE: WriteOptions = WriteOptions { resume: false, sync: true, sha256: false };

/// Sets a failpoint for as long as it lives.
struct Failpoint(&'static str);

impl Failpoint {
    fn set(name: &'static str, actions: &str) -> Failpoint {
        fail::cfg(name, actions).expect("a valid action");
        Failpoint(name)
    }
}

impl Drop for Failpoint {
    fn drop(&mut self) {
        fail::remove(self.0);
    }
}

fn stopped_by(report: &Report, code: &str) {
    assert!(
        matches!(&report.ending, Ending::Stopped { code: found, detail } if found == code && detail.starts_with(code))
    );
    assert!(!report.is_complete());
}

#[test]
fn a_full_disk_in_the_middle_keeps_whole_files_and_resuming_ends_the_job() {
    let academy = Academy::alone(600);
    academy.directory(&academy.out("reference"), &FAST);
    let reference = tree(&academy.out("reference"));
    for copies in [0, 100, 256, 400] {
        let out = academy.out(&format!("d{copies}"));
        let full = Failpoint::set("bulk-write", &format!("{copies}*off->return"));
        let report = academy.directory(&out, &DURABLE);
        drop(full);
        stopped_by(&report, "BLK-031");
        let left = tree(&out);
        assert!(left.iter().all(|(name, bytes)| reference[name] == *bytes), "{copies}");
        assert_eq!((report.made, left.len() as u64), (copies, copies));
        let resumed = academy.directory(&out, &WriteOptions { resume: true, ..FAST });
        assert_eq!((resumed.kept, resumed.made), (copies, 600 - copies));
        assert!(tree(&out) == reference);
    }
}

#[test]
fn a_full_disk_in_the_middle_of_an_archive_leaves_no_archive_and_resuming_ends_the_job() {
    let academy = Academy::alone(600);
    academy.zip(&academy.out("reference.zip"), &FAST);
    let reference = fs::read(academy.out("reference.zip")).expect("an archive");
    for (copies, sync) in [(0, true), (100, true), (400, true), (400, false)] {
        let out = academy.out(&format!("{copies}{sync}.zip"));
        let options = WriteOptions { sync, ..FAST };
        let full = Failpoint::set("bulk-write", &format!("{copies}*off->return"));
        let report = academy.zip(&out, &options);
        drop(full);
        stopped_by(&report, "BLK-031");
        assert!(!out.exists());
        assert_eq!(report.made, copies);
        let resumed = academy.zip(&out, &WriteOptions { resume: true, ..options });
        assert_eq!((resumed.kept, resumed.made), (copies, 600 - copies));
        assert!(fs::read(&out).expect("an archive") == reference);
    }
}

#[test]
fn what_was_not_made_durable_does_not_count() {
    let academy = Academy::alone(600);
    let unsynced = Failpoint::set("bulk-sync", "1*off->return");
    let directory = academy.directory(&academy.out("d"), &DURABLE);
    drop(unsynced);
    stopped_by(&directory, "BLK-031");
    assert_eq!((directory.made, tree(&academy.out("d")).len()), (256, 256));

    let unsynced = Failpoint::set("bulk-sync", "1*off->return");
    let archive = academy.zip(&academy.out("x.zip"), &DURABLE);
    drop(unsynced);
    stopped_by(&archive, "BLK-031");
    assert_eq!(archive.made, 256);
    let resumed = academy.zip(&academy.out("x.zip"), &WriteOptions { resume: true, ..FAST });
    assert_eq!((resumed.kept, resumed.made), (256, 344));
}

#[test]
fn a_panic_costs_one_copy_wherever_it_happens() {
    let academy = Academy::alone(50);
    // The plan composes each copy once, so the 60th composition happens while writing.
    for (place, name) in [(20, "planning"), (60, "writing")] {
        let out = academy.out(&format!("{name}.zip"));
        let panic = Failpoint::set("bulk-copy", &format!("{place}*off->1*panic->off"));
        let report = academy.zip(&out, &FAST);
        drop(panic);
        assert_eq!((report.made, report.failed.len(), &report.ending), (49, 1, &Ending::Whole), "{name}");
        assert_eq!(report.failed[0].code, "BLK-025");
        assert_eq!(entries(&out).len(), 50);
    }
}

#[test]
fn a_disk_that_is_too_small_is_refused_before_anything_is_written() {
    let academy = Academy::alone(20);
    let never = AtomicBool::new(false);
    let job = academy.job(2, &never, &Quiet);
    let forecast = academy.plan().forecast();
    let full = Failpoint::set("bulk-room", "return(1000)");
    let refused = [
        write_zip(&job, academy.plan(), &academy.out("x.zip"), &FAST),
        write_directory(&job, academy.survey(), &academy.out("d"), &FAST),
    ];
    drop(full);
    for outcome in refused {
        let Err(error) = outcome else { panic!("a job began on a full disk") };
        let BulkError::DiskShort { needed, available, .. } = &error else { panic!("{error}") };
        assert!(*needed > forecast.bytes / 2 && *available == 1000);
        assert!(error.to_string().starts_with("BLK-003"));
        assert!(error.to_string().contains(&format!("{} more are needed", needed - available)));
    }
    let left: Vec<String> =
        tree(academy.dir.path()).into_keys().filter(|name| !name.starts_with("blobs/")).collect();
    assert_eq!(left, Vec::<String>::new());
}

#[test]
fn a_plan_without_its_name_is_no_plan_and_a_disk_that_fails_while_it_is_kept_costs_no_archive() {
    let academy = Academy::alone(30);
    let never = AtomicBool::new(false);
    let job = academy.job(1, &never, &Quiet);
    let request = PlanRequest { selection: Selection::default(), profile: Profile::FULL };
    let ask = || planned(&academy.out("plans"), &job, &request).expect("a plan").outline().etag();
    let names = || -> Vec<String> {
        let names = tree(&academy.out("plans")).into_keys();
        names.map(|name| name.rsplit('.').next().unwrap_or_default().to_owned()).collect()
    };
    let etag = academy.plan().outline().etag();
    let killed = Failpoint::set("plan-written", "return");
    assert_eq!((ask(), names()), (etag, vec!["part".to_owned()]));
    drop(killed);
    assert_eq!((ask(), names()), (etag, vec!["plan".to_owned()]));
    fs::remove_dir_all(academy.out("plans")).expect("a folder");
    let full = Failpoint::set("plan-write", "return");
    assert_eq!((ask(), names()), (etag, Vec::new()));
    drop(full);
    assert_eq!((ask(), names()), (etag, vec!["plan".to_owned()]));
}
