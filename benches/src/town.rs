//! An exam of very many candidates, with names as people have them, to be searched. Their scripts have no page.

use std::io;
use std::path::Path;

use copiste_core::journal::{Counts, ImportCommand};
use copiste_core::model::{
    Attendance, Batch, BatchState, Candidate, Harmonisation, Hundredths, Marker, School, Script,
};
use copiste_core::store::{BlobStore, Holdings, LoadError, OpenOptions, Scripts, Store};

use crate::crowd::{EXAM, exam, opened, take_in};

/// Candidates of one school, more or less.
const A_SCHOOL: u32 = 500;

/// Last names in the order of how common they are; all others are put together from syllables.
const LAST: [&str; 40] = [
    "MARTIN",
    "BERNARD",
    "THOMAS",
    "PETIT",
    "ROBERT",
    "RICHARD",
    "DURAND",
    "DUBOIS",
    "MOREAU",
    "LAURENT",
    "SIMON",
    "MICHEL",
    "LEFÈVRE",
    "LEROY",
    "ROUX",
    "DAVID",
    "BERTRAND",
    "MOREL",
    "FOURNIER",
    "GIRARD",
    "BONNET",
    "DUPONT",
    "LAMBERT",
    "FONTAINE",
    "ROUSSEAU",
    "VINCENT",
    "MULLER",
    "LE GOFF",
    "FAURE",
    "ANDRÉ",
    "MERCIER",
    "BLANC",
    "GUÉRIN",
    "BOYER",
    "GARNIER",
    "CHEVALIER",
    "D’ARCY",
    "L’HÔPITAL",
    "PAYET",
    "HOARAU",
];

const SYLLABLES: [&str; 32] = [
    "ba", "bel", "bon", "cha", "cour", "dal", "del", "dou", "fer", "gar", "gau", "gré", "hau", "jac", "la",
    "lan", "mai", "mar", "mon", "mou", "nau", "pel", "per", "ray", "ri", "ro", "sal", "sau", "tel", "val",
    "ver", "vil",
];

const ENDINGS: [&str; 16] =
    ["ard", "aud", "eau", "el", "er", "et", "ier", "in", "ois", "on", "ot", "ou", "oux", "y", "ez", "ac"];

const FIRST: [&str; 40] = [
    "Emma",
    "Louise",
    "Jade",
    "Alice",
    "Chloé",
    "Lina",
    "Léa",
    "Manon",
    "Inès",
    "Camille",
    "Éloïse",
    "Zoé",
    "Marie",
    "Anaïs",
    "Maëlys",
    "Clara",
    "Sarah",
    "Lucie",
    "Mathilde",
    "Anne-Sophie",
    "Gabriel",
    "Raphaël",
    "Léo",
    "Louis",
    "Lucas",
    "Adam",
    "Arthur",
    "Hugo",
    "Jules",
    "Maël",
    "Nathan",
    "Théo",
    "Mohamed",
    "Enzo",
    "Martin",
    "Paul",
    "Antoine",
    "Jean-Baptiste",
    "François",
    "Noël",
];

/// Made of a seed: the same candidates each time.
pub struct Dice(u64);

impl Dice {
    /// From a seed.
    pub fn of(seed: u64) -> Dice {
        Dice(seed)
    }

    /// A number below `below`, which is not zero.
    pub fn below(&mut self, below: u32) -> u32 {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        u32::try_from((mixed ^ (mixed >> 31)) % u64::from(below.max(1))).unwrap_or_default()
    }

    /// One of these; the first ones are the common ones.
    fn common<'a>(&mut self, of: &[&'a str]) -> &'a str {
        let count = u32::try_from(of.len()).unwrap_or(1);
        let most = self.below(count) + 1;
        of.get(self.below(most) as usize).copied().unwrap_or_default()
    }
}

/// The nth of the candidates.
pub fn candidate(nth: u32, of: u32) -> Candidate {
    let mut dice = Dice::of(u64::from(nth) + 1);
    let last_name = match dice.below(10) {
        0..3 => dice.common(&LAST).to_owned(),
        3 => format!("{}-{}", dice.common(&LAST), built(&mut dice)),
        _ => built(&mut dice),
    };
    let school = dice.below(schools(of));
    Candidate {
        number: format!("{:010}", 200_000_000 + nth),
        national_id: None,
        last_name,
        first_name: dice.common(&FIRST).to_owned(),
        birth_date: None,
        school: uai(school),
        attendance: Attendance::Present,
        entry: String::new(),
    }
}

fn built(dice: &mut Dice) -> String {
    let mut name = String::new();
    for _ in 0..=dice.below(2) {
        name += dice.common(&SYLLABLES);
    }
    (name + dice.common(&ENDINGS)).to_uppercase()
}

/// How many schools there are.
pub fn schools(of: u32) -> u32 {
    of.div_ceil(A_SCHOOL).max(1)
}

/// A school's UAI; its check letter is none.
pub fn uai(school: u32) -> String {
    format!("{:07}A", 9_000_000 + school)
}

/// Makes a data directory with so many candidates.
///
/// # Errors
/// When it cannot be made.
pub fn build(data: &Path, candidates: u32) -> io::Result<()> {
    let count = u64::from(candidates);
    let counts = Counts {
        schools: u64::from(schools(candidates)),
        markers: 1,
        batches: 1,
        candidates: count,
        scripts: count,
        ..Counts::default()
    };
    take_in(&opened(data, load)?, counts)
}

/// Opens what [`build`] has made.
///
/// # Errors
/// When it cannot be opened, or holds something else.
pub fn open(data: &Path) -> io::Result<copiste_core::store::ExamView> {
    let options = OpenOptions::new(load, || Ok([7; 32])).for_lookups(data);
    let store = Store::open(data, &options).map_err(io::Error::other)?;
    let view = store.exam(EXAM).map_err(io::Error::other)?;
    view.ok_or_else(|| io::Error::other("the exam is gone"))
}

fn load<'a>(command: &'a ImportCommand, _: &'a BlobStore) -> Result<Holdings<'a>, LoadError> {
    let count = u32::try_from(command.counts.candidates).unwrap_or(u32::MAX);
    let school = |school| School {
        uai: uai(school),
        name: "Lycée".to_owned(),
        city: "Saint-Denis".to_owned(),
        entity: None,
    };
    Ok(Holdings {
        exam: exam(),
        schools: (0..schools(count)).map(school).collect(),
        markers: vec![Marker {
            id: "M1".to_owned(),
            name: "Hélène Payet".to_owned(),
            staff_id: "S1".to_owned(),
            mission_id: "I1".to_owned(),
        }],
        batches: vec![Batch {
            id: "L1".to_owned(),
            marker: "M1".to_owned(),
            state: BatchState::Locked,
            harmonisation: Harmonisation::Pending,
        }],
        candidates: (0..count).map(|nth| candidate(nth, count)).collect(),
        scripts: Box::new(Empty(count)),
    })
}

/// Scripts without a page.
struct Empty(u32);

impl Scripts for Empty {
    fn count(&self) -> u64 {
        u64::from(self.0)
    }

    fn script(&mut self, candidate: &str) -> Result<Option<Script>, LoadError> {
        Ok(Some(Script {
            id: [0; 16],
            candidate: candidate.to_owned(),
            batch: Some("L1".to_owned()),
            pages: vec![],
            marker_mark: Some(Hundredths(1200)),
            questions: vec![],
            marked: true,
            harmonised: None,
            adjustment: None,
            appreciation: None,
            annotations: vec![],
            annotations_apart: None,
        }))
    }
}
