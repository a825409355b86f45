//! Counts with their words, for people.

/// `1 row`, `2 rows`: a count with its word.
pub fn count(number: u64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_thing_is_not_several() {
        let told = [0, 1, 2].map(|number| count(number, "batch", "batches"));
        assert_eq!(told, ["0 batches", "1 batch", "2 batches"]);
    }
}
