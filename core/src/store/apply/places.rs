//! Where candidates' records lie: in the order of a delivery's entries.
//!
//! Whoever makes all copies then reads records, annotations and (where the bundle gave them in that
//! order) scans as they lie, and needs to sort nothing.

use std::collections::BTreeMap;

use crate::model::Candidate;
use crate::zip::{EntryName, clashes, entry_name, numbered};

/// The candidates by place: each gets the name of its copy's entry, and the names are in order.
pub(super) fn placed(candidates: BTreeMap<String, Candidate>) -> Vec<Candidate> {
    let mut candidates: Vec<Candidate> = candidates.into_values().collect();
    for candidate in &mut candidates {
        candidate.entry = entry_name(&EntryName {
            school: &candidate.school,
            last_name: &candidate.last_name,
            first_name: &candidate.first_name,
            number: &candidate.number,
        });
    }
    part(&mut candidates);
    candidates.sort_unstable_by(|one, other| one.entry.cmp(&other.entry));
    candidates
}

/// Gives another name to every entry that some file system would take for an earlier one. Candidate
/// numbers make names different; this is for numbers that differ only in what a name cannot hold.
fn part(candidates: &mut [Candidate]) {
    let mut counter = 1;
    loop {
        let doubles = clashes(candidates.len(), |index| &candidates[index].entry);
        if doubles.is_empty() {
            return;
        }
        counter += 1;
        for index in doubles {
            let entry = &mut candidates[index].entry;
            *entry = numbered(entry, counter);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Attendance;

    fn entries(people: &[(&str, &str, &str)]) -> Vec<String> {
        let candidate = |(school, last_name, number): &(&str, &str, &str)| Candidate {
            number: (*number).to_owned(),
            national_id: None,
            last_name: (*last_name).to_owned(),
            first_name: "Zoé".to_owned(),
            birth_date: None,
            school: (*school).to_owned(),
            attendance: Attendance::Present,
            entry: String::new(),
        };
        let people = people.iter().map(candidate).map(|candidate| (candidate.number.clone(), candidate));
        placed(people.collect()).into_iter().map(|candidate| candidate.entry).collect()
    }

    #[test]
    fn records_lie_in_the_order_of_a_deliverys_entries() {
        assert_eq!(
            entries(&[("B", "Abel", "1"), ("A", "Zola", "2"), ("A", "Abel", "10"), ("A", "Abel", "9")]),
            ["A/ABEL_Zoé_10.pdf", "A/ABEL_Zoé_9.pdf", "A/ZOLA_Zoé_2.pdf", "B/ABEL_Zoé_1.pdf"]
        );
    }

    #[test]
    fn no_two_candidates_share_an_entry_on_any_file_system() {
        assert_eq!(
            entries(&[
                ("A", "Abel", "x:1"),
                ("A", "Abel", "x/1"),
                ("A", "abel", "X-1"),
                ("A", "Abel", "x-1~2")
            ]),
            ["X-1", "x-1~2", "x-1~2~3", "x-1~2~3~4"].map(|number| format!("A/ABEL_Zoé_{number}.pdf"))
        );
    }
}
