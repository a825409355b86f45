//! One process per data directory.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::path::Path;

use rustix::fs::{FlockOperation, flock};

use super::OpenError;

/// Held as long as it lives; the kernel lets go when the process ends, however it ends.
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock of a data directory, without waiting.
    ///
    /// # Errors
    /// [`OpenError::Locked`] names the process that has it.
    pub(super) fn take(dir: &Path) -> Result<Lock, OpenError> {
        let path = dir.join("lock");
        let io = |act| {
            let path = path.clone();
            move |source: io::Error| OpenError::Io { act, path, source }
        };
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(io("open"))?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(rustix::io::Errno::WOULDBLOCK) => {
                let mut text = String::new();
                // Whoever holds it may not have written its number yet.
                let _ = Read::by_ref(&mut file).take(20).read_to_string(&mut text);
                return Err(OpenError::Locked { dir: dir.to_owned(), pid: text.trim().parse().ok() });
            }
            Err(errno) => return Err(io("lock")(errno.into())),
        }
        let pid = format!("{}\n", std::process::id());
        file.set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| file.write_all(pid.as_bytes()))
            .map_err(io("write"))?;
        Ok(Lock { _file: file })
    }
}
