//! The candidate.

use rkyv::{Archive, Deserialize, Serialize};

/// Whether a candidate came.
#[derive(Archive, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
#[rkyv(derive(Debug, Clone, Copy, PartialEq, Eq))]
pub enum Attendance {
    /// Came.
    Present,
    /// Did not come.
    Absent,
    /// Did not come, with a valid reason.
    AbsentJustified,
    /// Did not have to.
    Exempt,
}

/// *Candidat*.
#[derive(Archive, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[rkyv(derive(Debug))]
pub struct Candidate {
    /// *N° candidat*, unique in the exam.
    pub number: String,
    /// *INE*.
    pub national_id: Option<String>,
    /// As on the identity card.
    pub last_name: String,
    /// As on the identity card.
    pub first_name: String,
    /// `YYYY-MM-DD`.
    pub birth_date: Option<String>,
    /// The school's UAI.
    pub school: String,
    /// Whether he came.
    pub attendance: Attendance,
    /// What his copy is called in a delivery, `{uai}/{LASTNAME}_{Firstname}_{number}.pdf`: unlike that of
    /// any other candidate of the exam, however a file system compares names. Filled in by the store.
    pub entry: String,
}
