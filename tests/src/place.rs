//! Where things are.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// The folder of the workspace.
///
/// # Panics
/// When the crate was moved out of its workspace.
pub fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ lies in the workspace")
}

/// The folder the binaries are built to: the one that holds this test's own `deps`.
fn built() -> PathBuf {
    let test = std::env::current_exe().expect("the running test has a path");
    let deps = test.parent().expect("a test lies in deps/");
    deps.parent().expect("deps/ lies in the profile's folder").to_path_buf()
}

/// The path of a binary of ours.
///
/// # Panics
/// When it was not built: `make test` builds all of them first.
pub fn binary(name: &str) -> PathBuf {
    let path = built().join(name);
    assert!(
        path.is_file(),
        "{} is not there: run `cargo build --release --workspace --bins` first, as `make test` does",
        path.display()
    );
    path
}

/// Material that comes beside a checkout, not in it: real scans and a PDF/A validator. Absent in
/// a user's clone.
pub fn shared(path: &str) -> Option<PathBuf> {
    let found = workspace().join("../shared").join(path);
    found.exists().then_some(found)
}

/// The folder for what proofs leave behind: pictures to look at, notices of skipped tests.
///
/// # Panics
/// When it cannot be made.
pub fn leavings(name: &str) -> PathBuf {
    let path = built().parent().expect("the target folder").join("proofs").join(name);
    std::fs::create_dir_all(&path).expect("a folder under target/ can be made");
    path
}

/// A program of the Python environment that `.ci/setup prove` makes; not there when it could not.
///
/// # Panics
/// When the target folder has no path.
pub fn python_tool(name: &str) -> PathBuf {
    built().parent().expect("the target folder").join("tools/python/bin").join(name)
}

/// A folder that goes away with the value, on the disk the product is built on (`/tmp` may be
/// memory, and the full proofs write many gigabytes).
///
/// # Panics
/// When it cannot be made.
pub fn scratch() -> TempDir {
    tempfile::Builder::new().prefix("proof-").tempdir_in(leavings("scratch")).expect("a scratch folder")
}
