//! Every blob: those that something refers to, and those that nothing does.

use super::{References, VerifyReport, goes_on};
use crate::journal::hex;
use crate::store::{Stop, Store, StoreError};

/// Reads every blob there is, and names every one that should be there and is not.
pub(super) fn check(
    store: &Store,
    report: &mut VerifyReport,
    references: &References,
    stop: Stop<'_>,
) -> Result<(), StoreError> {
    for (blob, who) in references.all() {
        goes_on(stop)?;
        report.blobs += 1;
        match store.blobs.check(&blob) {
            Ok(()) => report.bytes += blob.length,
            Err(fault) => {
                report.find("STO-040", format!("blob {} of {who}: {fault}", hex::encode(&blob.sha256)));
            }
        }
    }
    let failed = |source| StoreError::Blob { act: "list the blobs".to_owned(), source };
    for file in store.blobs.files().map_err(failed)? {
        let file = file.map_err(failed)?;
        goes_on(stop)?;
        let Some(sha256) = file.sha256 else {
            report.find("STO-041", format!("{} is not a blob", file.path.display()));
            continue;
        };
        if references.has(&sha256) {
            continue;
        }
        report.orphans += 1;
        report.blobs += 1;
        match file.is_whole() {
            Ok(true) => report.bytes += file.length,
            Ok(false) => {
                report.find("STO-041", format!("blob {}: its bytes have changed", hex::encode(&sha256)));
            }
            Err(error) => {
                let detail = format!("blob {} cannot be read: {error}", hex::encode(&sha256));
                report.find("STO-041", detail);
            }
        }
    }
    Ok(())
}
