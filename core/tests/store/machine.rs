//! Random lives of a data directory, each ending in the same state however often it is opened
//! again or made again from its journal.

use copiste_core::store::{Store, verify};
use proptest::prelude::*;
use tempfile::tempdir;

use crate::academy::*;
use crate::acts::{Act, act, perform};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn a_database_made_again_from_its_journal_answers_the_same(acts in prop::collection::vec(act(), 1..12)) {
        let dir = tempdir().unwrap();
        let mut store = open(dir.path());
        for (act, at) in acts.iter().zip(100..) {
            if matches!(act, Act::Reopen) {
                drop(store);
                store = open(dir.path());
            }
            perform(&store, act, at);
        }
        let lived = seen(&store);
        let report = verify(&store).unwrap();
        prop_assert!(report.findings.is_empty(), "{:?}", report.findings);
        drop(store);
        std::fs::remove_dir_all(dir.path().join("db")).unwrap();
        let store = Store::replay_all(dir.path(), &options()).unwrap();
        prop_assert_eq!(seen(&store), lived);
    }
}
