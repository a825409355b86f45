//! Memory does not grow with the exam.

use std::ffi::OsStr;

use copiste_tests::academy::Academy;
use copiste_tests::command::peak_memory;
use copiste_tests::size;

/// The highest memory of rendering an exam of so many candidates to a ZIP: the middle of three times, since
/// which of two threads is ahead of the other is chance, and worth some megabytes.
fn rendering(candidates: &str) -> u64 {
    let academy =
        Academy::of(&format!("--kind common_assessment --candidates {candidates} --mix ccitt --seed 9"));
    academy.released();
    let (data, exam, out) = (academy.data(), academy.exam(), academy.path("all.zip"));
    let arguments: [&dyn AsRef<OsStr>; 6] = [&"render", &"--data", &data, &exam, &"--out", &out];
    let mut peaks: Vec<u64> = (0..3).map(|_| peak_memory(&arguments)).collect();
    peaks.sort_unstable();
    peaks[1]
}

#[test]
fn rendering_a_wave_stays_within_150_megabytes_and_hardly_grows_with_it() {
    let (small, large) = size::pick(("300", "3000"), ("2700", "27000"));
    let (small, large) = (rendering(small), rendering(large));
    assert!(large < 150_000_000, "{large} bytes");
    // At reduced size the store's caches are not yet filled by the small exam: growth is judged in full.
    if size::pick(false, true) {
        assert!(large <= small + small / 10, "{large} bytes against {small}");
    }
}
