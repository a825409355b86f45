//! What a job puts aside while it runs: files that are gone when it ends, however it ends.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

/// A file without a name. The folder belongs to the process that holds the data directory.
pub(crate) fn unnamed(folder: &Path) -> io::Result<File> {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    fail::fail_point!("bulk-aside", |_| Err(io::Error::from_raw_os_error(28)));
    fs::create_dir_all(folder)?;
    let path = folder.join(format!("rows-{}", NUMBER.fetch_add(1, Ordering::Relaxed)));
    match fs::remove_file(&path) {
        // A process was killed just before it took the name away.
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let file = OpenOptions::new().read(true).write(true).create_new(true).open(&path)?;
    fs::remove_file(&path)?;
    Ok(file)
}
