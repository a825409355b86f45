//! The viewer: pages as scans and as pictures, annotations over them, and who may look.

mod overlay;
mod pictures;
mod seen;

use copiste_tests::academy::Academy;
use copiste_tests::bundle::Bundle;
use copiste_tests::http::SignedIn;

use super::{Served, account};

/// A bundle of one closed exam, served, its exam office signed in, and the ids of its scripts by candidate.
struct Look {
    served: Served,
    office: SignedIn,
    scripts: Vec<String>,
    academy: Academy,
}

impl Look {
    fn at(bundle: &Bundle) -> Look {
        let academy = Academy::empty();
        bundle.write(&academy.bundle());
        academy.copiste("import", &[&academy.bundle()]).expect(0);
        academy.released();
        Look::served(academy)
    }

    fn served(academy: Academy) -> Look {
        account(&academy, "office", "exam-office");
        let served = Served::start(&academy);
        let office = served.sign_in("office");
        let found = served.get(&format!("/api/v1/exams/{}/scripts", academy.exam()), &office);
        let rows = found["scripts"].as_array().expect("rows");
        let mut rows: Vec<_> = rows
            .iter()
            .map(|row| {
                (row["candidate_number"].to_string(), row["script"].as_str().expect("an id").to_owned())
            })
            .collect();
        rows.sort();
        let scripts = rows.into_iter().map(|(_, script)| script).collect();
        Look { served, office, scripts, academy }
    }

    /// The address of a page of the first script.
    fn page(&self, page: usize) -> String {
        format!("/api/v1/scripts/{}/pages/{page}", self.scripts[0])
    }
}
