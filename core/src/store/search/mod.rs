//! skeleton
pub(super) fn find(_: &sled::Tree, _: u32, _: &str, _: usize) -> Result<Vec<String>, super::StoreError> {
    Ok(vec![])
}
