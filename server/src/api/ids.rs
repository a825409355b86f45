//! Scripts by their ids, which are in addresses because they say nothing about anyone.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

use copiste_core::journal::hex;
use copiste_core::store::{ExamView, Store};

use crate::http::problem::Problem;

/// The ids of each exam's scripts. Read through once for each import of an exam, when the first one is asked for:
/// some twenty bytes a script stay in memory.
#[derive(Default)]
pub(crate) struct ScriptIds(Mutex<BTreeMap<String, Known>>);

struct Known {
    /// The bundle that the exam was of.
    bundle: [u8; 32],
    places: HashMap<[u8; 16], u32>,
}

impl ScriptIds {
    /// The exam and the place of the script with this id, 32 hexadecimal digits.
    ///
    /// # Errors
    /// When a record cannot be read.
    pub(crate) fn find(&self, store: &Store, id: &str) -> Result<Option<(String, u32)>, Problem> {
        let Some(id) = hex::decode(id) else { return Ok(None) };
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let views = store.exams()?;
        known.retain(|exam, _| views.iter().any(|view| view.id() == exam));
        for view in views {
            let current = known.get(view.id()).filter(|known| known.bundle == view.bundle());
            let found = match current {
                Some(current) => current.places.get(&id).copied(),
                None => {
                    let read = Known::read(&view)?;
                    let found = read.places.get(&id).copied();
                    known.insert(view.id().to_owned(), read);
                    found
                }
            };
            if let Some(place) = found {
                return Ok(Some((view.id().to_owned(), place)));
            }
        }
        Ok(None)
    }
}

impl Known {
    fn read(view: &ExamView) -> Result<Known, Problem> {
        let mut places = HashMap::new();
        for both in view.together(0..u32::MAX)? {
            let (place, _, script) = both?;
            places.extend(script.map(|script| (script.get().id, place)));
        }
        Ok(Known { bundle: view.bundle(), places })
    }
}
