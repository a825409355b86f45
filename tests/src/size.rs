//! How big a proof is.

/// Whether the proofs run in full: `COPISTE_PROOF=full`, set by `make prove`.
///
/// # Panics
/// On a value that is neither `full` nor `reduced`.
pub fn full() -> bool {
    match std::env::var("COPISTE_PROOF").as_deref() {
        Ok("full") => true,
        Ok("reduced") | Err(_) => false,
        Ok(other) => panic!("COPISTE_PROOF is `{other}`; it may be `full` or `reduced`"),
    }
}

/// The one or the other, by the size of the run.
pub fn pick<T>(reduced: T, in_full: T) -> T {
    if full() { in_full } else { reduced }
}
