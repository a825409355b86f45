//! What may happen to a data directory, at random.

use copiste_core::store::Store;
use proptest::prelude::*;

use crate::academy::*;

/// What may happen.
#[derive(Clone, Debug)]
pub enum Act {
    Import { exam: usize, people: Vec<(u8, u8)>, locked: bool },
    Accept { exam: usize, candidate: u8, page: u32 },
    Found { exam: usize, candidate: u8, scan: u8 },
    Reopen,
}

pub fn act() -> impl Strategy<Value = Act> {
    let people = prop::collection::btree_map(0..6_u8, 0..5_u8, 0..5);
    prop_oneof![
        4 => (0..2_usize, people, any::<bool>()).prop_map(|(exam, people, locked)| Act::Import {
            exam,
            people: people.into_iter().collect(),
            locked
        }),
        2 => (0..2_usize, 0..6_u8, 1..3_u32)
            .prop_map(|(exam, candidate, page)| Act::Accept { exam, candidate, page }),
        2 => (0..2_usize, 0..6_u8, 0..5_u8)
            .prop_map(|(exam, candidate, scan)| Act::Found { exam, candidate, scan }),
        1 => Just(Act::Reopen),
    ]
}

/// Does it. What is refused changes nothing.
pub fn perform(store: &Store, act: &Act, at: i64) {
    let name = |exam: &usize| if *exam == 0 { "ONE" } else { "E3C" };
    let number = |candidate: &u8| format!("{candidate:03}");
    match act {
        Act::Import { exam, people, locked } => {
            let mut bundle = Bundle::of(name(exam), &[]);
            bundle.common_assessment = *exam == 1;
            bundle.batches[0].locked = *locked;
            bundle.people = people
                .iter()
                .map(|(candidate, kind)| {
                    let mut person = Person::of(&number(candidate));
                    person.pages = match kind {
                        4 => None,
                        3 => Some(vec![Sheet::Scan("0".to_owned()), Sheet::Damaged("torn".to_owned())]),
                        kind => Some(vec![Sheet::Scan(kind.to_string())]),
                    };
                    person.annotations = if *kind == 2 { 400 } else { 1 };
                    person
                })
                .collect();
            import(store, &bundle, at);
        }
        Act::Accept { exam, candidate, page } => {
            let command = accept_command(store, name(exam), &[(&number(candidate), *page)], "raison");
            let _ = store.execute(&command, &manager(), at);
        }
        Act::Found { exam, candidate, scan } => {
            let command = found_command(name(exam), &number(candidate), 1, &scan.to_string());
            let _ = store.execute(&command, &manager(), at);
        }
        Act::Reopen => {}
    }
}
