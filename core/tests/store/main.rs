//! The store from outside: what an academy may rely on.

mod academy;
mod acts;
mod blobs;
mod damage;
mod history;
mod imports;
mod integrity;
mod keeping;
mod lives;
mod machine;
mod reading;
