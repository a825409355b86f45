//! Accounts and tokens: their records, and whether they are what the journal gives.

use super::replay::{differing, present};
use super::{VerifyReport, goes_on};
use crate::journal::hex;
use crate::model::{AccessToken, Account};
use crate::store::record::{Kept, Record};
use crate::store::tables::{ACCOUNTS, TOKENS, Table, Tables, account_key, token_key};
use crate::store::{Stop, StoreError};

/// Reads all of them. What they refer to among the blobs, the journal refers to as well.
pub(super) fn check(tables: &Tables, report: &mut VerifyReport, stop: Stop<'_>) -> Result<(), StoreError> {
    each::<Account>(&tables.accounts, ACCOUNTS, "account", report, stop, |account, _| {
        Ok(account_key(&account.id))
    })?;
    each::<AccessToken>(&tables.accounts, TOKENS, "token", report, stop, |token, report| {
        if !tables.accounts.contains_key(account_key(&token.account))? {
            report.find("STO-044", format!("token {} belongs to no account", hex::encode(&token.id)));
        }
        Ok(token_key(&token.sha256))
    })?;
    for key in tables.accounts.iter().keys() {
        let key = key?;
        if !key.starts_with(ACCOUNTS) && !key.starts_with(TOKENS) {
            report.find("STO-042", "a record among the accounts is neither an account nor a token");
        }
    }
    Ok(())
}

/// Compares them with what the replay gave.
pub(super) fn compare(must_be: &Tables, is: &Tables, report: &mut VerifyReport) -> Result<(), StoreError> {
    let (accounts, _) =
        differing(those(&must_be.accounts, ACCOUNTS), those(&is.accounts, ACCOUNTS), present::<Account>)?;
    let (tokens, _) =
        differing(those(&must_be.accounts, TOKENS), those(&is.accounts, TOKENS), present::<AccessToken>)?;
    for (count, what) in [(accounts, "accounts"), (tokens, "tokens")] {
        if count > 0 {
            report.find("STO-045", format!("{count} of the {what} are not what the journal gives"));
        }
    }
    Ok(())
}

fn those<'a>(table: &'a Table, prefix: &[u8]) -> super::replay::Entries<'a> {
    Box::new(table.scan_prefix(prefix).map(|entry| Ok(entry?)))
}

/// Reads each record of a kind; `look` gives the key that it must lie under.
fn each<T: Kept>(
    table: &Table,
    prefix: &[u8],
    what: &str,
    report: &mut VerifyReport,
    stop: Stop<'_>,
    mut look: impl FnMut(&T, &mut VerifyReport) -> Result<Vec<u8>, StoreError>,
) -> Result<(), StoreError> {
    for entry in table.scan_prefix(prefix) {
        goes_on(stop)?;
        let (key, value) = entry?;
        report.records += 1;
        // The keys of tokens are digests of their secrets, which no report repeats.
        let named = if prefix == ACCOUNTS {
            format!("{what} {}", hex::encode(&key[1..]))
        } else {
            format!("a {what}")
        };
        match Record::<T>::read(value).and_then(|record| record.value()) {
            Ok(value) => {
                if key != look(&value, report)? {
                    report.find("STO-043", format!("{named} lies under another's key"));
                }
            }
            Err(fault) => report.find("STO-042", format!("{named}: {fault}")),
        }
    }
    Ok(())
}
