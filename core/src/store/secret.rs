//! The secret of a data directory, and the script ids made with it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use super::OpenError;

/// The file's name in the data directory.
pub(super) const FILE: &str = "secret";

/// 32 random bytes, made once.
#[derive(Clone)]
pub(super) struct Secret([u8; 32]);

impl Secret {
    /// Reads the secret of a data directory, or makes it of bytes that `make` draws. `used` says
    /// that ids were made with one already, so that a missing one cannot be replaced.
    ///
    /// # Errors
    /// [`OpenError::Secret`] when it is missing or not 32 bytes long.
    pub(super) fn open(
        dir: &Path,
        used: bool,
        make: impl FnOnce() -> io::Result<[u8; 32]>,
    ) -> Result<Secret, OpenError> {
        let path = dir.join(FILE);
        let io = |act| {
            let path = path.clone();
            move |source: io::Error| OpenError::Io { act, path, source }
        };
        match fs::read(&path) {
            Ok(bytes) => {
                let bytes = bytes.try_into().map_err(|_| OpenError::Secret { state: "not 32 bytes long" })?;
                Ok(Secret(bytes))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                if used {
                    return Err(OpenError::Secret { state: "missing" });
                }
                let bytes = make().map_err(io("draw random bytes for"))?;
                let temporary = dir.join("secret.new");
                match fs::remove_file(&temporary) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(io("write")(error)),
                    _ => {}
                }
                OpenOptions::new()
                    .write(true)
                    .create_new(true)
                    .mode(0o600)
                    .open(&temporary)
                    .and_then(|mut file| file.write_all(&bytes).and_then(|()| file.sync_all()))
                    .and_then(|()| fs::rename(&temporary, &path))
                    .and_then(|()| File::open(dir)?.sync_all())
                    .map_err(io("write"))?;
                Ok(Secret(bytes))
            }
            Err(error) => Err(io("read")(error)),
        }
    }

    /// The id of a candidate's script: the first 128 bits of HMAC-SHA-256 over exam, a zero byte
    /// and candidate number (DESIGN, *Durability*).
    #[allow(clippy::unreachable, reason = "HMAC takes a key of any length")]
    pub(super) fn script_id(&self, exam: &str, candidate: &str) -> [u8; 16] {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) else {
            unreachable!("HMAC takes a key of any length")
        };
        mac.update(exam.as_bytes());
        mac.update(&[0]);
        mac.update(candidate.as_bytes());
        let code = mac.finalize().into_bytes();
        let mut id = [0; 16];
        id.copy_from_slice(&code[..16]);
        id
    }

    /// What the database keeps to know the secret again.
    pub(super) fn digest(&self) -> [u8; 32] {
        Sha256::digest(self.0).into()
    }
}
