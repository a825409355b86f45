use std::fs;
use std::io::{Read, Write};

use copiste_core::rope::BlobSource;
use copiste_core::store::{BlobFault, BlobSink, BlobStore};
use proptest::prelude::*;
use tempfile::tempdir;

use crate::academy::blob_of;

fn read(blobs: &BlobStore, blob: &copiste_core::model::BlobRef) -> Vec<u8> {
    let mut bytes = Vec::new();
    blobs.open(blob).unwrap().read_to_end(&mut bytes).unwrap();
    bytes
}

#[test]
fn a_blob_lies_under_its_digest_once_whoever_brings_it() {
    let dir = tempdir().unwrap();
    let blobs = BlobStore::open_in(dir.path()).unwrap();
    let batch = blobs.begin();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for n in 0..50_u8 {
                    assert_eq!(batch.put(&[n; 100]).unwrap(), blob_of(&[n; 100]));
                }
            });
        }
    });
    batch.seal().unwrap();
    let mut files: Vec<_> = blobs.files().unwrap().map(|file| file.unwrap().sha256.unwrap()).collect();
    files.sort_unstable();
    let mut expected: Vec<_> = (0..50_u8).map(|n| blob_of(&[n; 100]).sha256).collect();
    expected.sort_unstable();
    assert_eq!(files, expected);
    for n in 0..50_u8 {
        assert_eq!(read(&blobs, &blob_of(&[n; 100])), [n; 100]);
        blobs.check(&blob_of(&[n; 100])).unwrap();
    }
}

#[test]
fn what_is_here_is_not_written_again_and_what_is_short_is_replaced() {
    let dir = tempdir().unwrap();
    let put = |bytes: &[u8]| {
        let blobs = BlobStore::open_in(dir.path()).unwrap();
        let batch = blobs.begin();
        let blob = batch.put(bytes).unwrap();
        batch.seal().unwrap();
        (blobs.path(&blob.sha256), blob)
    };
    let (path, _) = put(b"a scan");
    let first = fs::metadata(&path).unwrap().modified().unwrap();
    put(b"a scan");
    assert_eq!(fs::metadata(&path).unwrap().modified().unwrap(), first);
    fs::write(&path, b"a sc").unwrap();
    put(b"a scan");
    assert_eq!(fs::read(&path).unwrap(), b"a scan");
}

#[test]
fn a_batch_that_is_given_up_leaves_nothing() {
    let dir = tempdir().unwrap();
    let blobs = BlobStore::open_in(dir.path()).unwrap();
    let batch = blobs.begin();
    let blob = batch.put(b"half an import").unwrap();
    drop(batch);
    assert!(matches!(blobs.check(&blob), Err(BlobFault::Missing)));
    assert_eq!(fs::read_dir(dir.path().join("incoming")).unwrap().count(), 0);
}

#[test]
fn what_a_killed_process_left_is_removed() {
    let dir = tempdir().unwrap();
    drop(BlobStore::open_in(dir.path()).unwrap());
    fs::write(dir.path().join("incoming/0-0"), b"half a sc").unwrap();
    BlobStore::open_in(dir.path()).unwrap();
    assert_eq!(fs::read_dir(dir.path().join("incoming")).unwrap().count(), 0);
}

#[test]
fn a_stretch_of_a_file_is_taken_streaming_when_it_is_large() {
    let dir = tempdir().unwrap();
    let blobs = BlobStore::open_in(&dir.path().join("blobs")).unwrap();
    let bytes: Vec<u8> = (0..9_000_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let path = dir.path().join("bundle");
    let mut file = fs::File::create(&path).unwrap();
    file.write_all(b"head").unwrap();
    file.write_all(&bytes).unwrap();
    let file = fs::File::open(&path).unwrap();
    let batch = blobs.begin();
    let large = batch.put_file(&file, 4, bytes.len() as u64).unwrap();
    let small = batch.put_file(&file, 0, 4).unwrap();
    let nothing = batch.put_file(&file, 2, 0).unwrap();
    for (offset, length) in [(5, bytes.len() as u64), (0, u64::MAX), (u64::MAX, 1), (9_000_004, 1)] {
        assert!(batch.put_file(&file, offset, length).is_err(), "{offset} {length}");
    }
    batch.seal().unwrap();
    assert_eq!((large, small, nothing), (blob_of(&bytes), blob_of(b"head"), blob_of(b"")));
    for blob in [large, small, nothing] {
        blobs.check(&blob).unwrap();
    }
}

#[test]
fn a_blob_is_checked_against_length_digest_and_crc() {
    let dir = tempdir().unwrap();
    let blobs = BlobStore::open_in(dir.path()).unwrap();
    let batch = blobs.begin();
    let blob = batch.put(b"0123456789").unwrap();
    batch.seal().unwrap();
    let wrong_crc = copiste_core::model::BlobRef { crc32: blob.crc32 ^ 1, ..blob };
    assert!(matches!(blobs.check(&wrong_crc), Err(BlobFault::Crc)));
    let path = blobs.path(&blob.sha256);
    fs::write(&path, b"0123456788").unwrap();
    assert!(matches!(blobs.check(&blob), Err(BlobFault::Digest)));
    fs::write(&path, b"012345678").unwrap();
    assert!(matches!(blobs.check(&blob), Err(BlobFault::Length { expected: 10, found: 9 })));
    fs::remove_file(&path).unwrap();
    assert!(matches!(blobs.check(&blob), Err(BlobFault::Missing)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    #[test]
    fn every_blob_reads_back(contents in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 0..40)) {
        let dir = tempdir().unwrap();
        let blobs = BlobStore::open_in(dir.path()).unwrap();
        let batch = blobs.begin();
        let put: Vec<_> = contents.iter().map(|bytes| batch.put(bytes).unwrap()).collect();
        batch.seal().unwrap();
        for (bytes, blob) in contents.iter().zip(&put) {
            prop_assert_eq!(&read(&blobs, blob), bytes);
            prop_assert!(blobs.check(blob).is_ok());
        }
    }
}
