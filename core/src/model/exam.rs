//! The exam and what surrounds its scripts: schools, markers, batches.

use rkyv::{Archive, Deserialize, Serialize};

use super::Hundredths;

/// How an exam is closed.
#[derive(Archive, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
#[rkyv(derive(Debug, Clone, Copy, PartialEq, Eq))]
pub enum ExamKind {
    /// *Épreuve ponctuelle*: closed by the exam office manager.
    OneOff,
    /// *E3C*: closed by harmonisation, copies downloaded by schools.
    CommonAssessment,
}

/// Whether marks are harmonised before they count.
#[derive(Archive, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
#[rkyv(derive(Debug, Clone, Copy, PartialEq, Eq))]
pub enum HarmonisationMode {
    /// *Sans objet*.
    None,
    /// Batch by batch.
    Batches,
}

/// One exam paper of a session (*épreuve*).
#[derive(Archive, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[rkyv(derive(Debug))]
pub struct Exam {
    /// Unique, `[A-Za-z0-9._-]{1,64}`.
    pub id: String,
    /// Short code, such as `1TMATHS`.
    pub code: String,
    /// What people call it.
    pub label: String,
    /// How it is closed.
    pub kind: ExamKind,
    /// Year of the session.
    pub session_year: i32,
    /// Name of the session, such as `Session Normale`.
    pub session_name: String,
    /// Local start, `YYYY-MM-DDTHH:MM`.
    pub starts_at: String,
    /// Series, such as `STMG`.
    pub series: Vec<String>,
    /// Wave of an E3C.
    pub wave: Option<u32>,
    /// Code of the organising entity (*ER*).
    pub entity: String,
    /// The step of totals and harmonised marks, in hundredths: 100, 50, 25 or 1.
    pub mark_step: Hundredths,
    /// Whether marks are harmonised.
    pub harmonisation: HarmonisationMode,
    /// Last day of consultation, `YYYY-MM-DD`.
    pub consultable_until: Option<String>,
    /// Functional settings (*paramétrage fonctionnel*).
    pub settings: Settings,
}

/// *Paramétrage fonctionnel* of one exam, with the founding document's defaults.
#[derive(Archive, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[rkyv(derive(Debug))]
pub struct Settings {
    /// *Engagement en matière*.
    pub subject_commitment: bool,
    /// *Nombre de questions*.
    pub question_count: u32,
    /// *Type de note*.
    pub mark_kind: String,
    /// *Export Appréciation*.
    pub export_appreciation: bool,
    /// *Export Oubli notes*.
    pub export_missing_marks: bool,
    /// *Export Absences*.
    pub export_absences: bool,
    /// PDF default: *avec annotations*.
    pub render_annotations: bool,
    /// PDF default: *avec appréciation*.
    pub render_appreciation: bool,
    /// PDF default: *avec détails de la notation*.
    pub render_marking_details: bool,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            subject_commitment: false,
            question_count: 20,
            mark_kind: "simple".to_owned(),
            export_appreciation: true,
            export_missing_marks: true,
            export_absences: false,
            render_annotations: true,
            render_appreciation: true,
            render_marking_details: true,
        }
    }
}

/// *Établissement*.
#[derive(Archive, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[rkyv(derive(Debug))]
pub struct School {
    /// Seven digits and a letter.
    pub uai: String,
    /// Its name.
    pub name: String,
    /// Its town.
    pub city: String,
    /// Its entity, when it differs from the exam's.
    pub entity: Option<String>,
}

/// *Correcteur*. His name never reaches a PDF.
#[derive(Archive, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[rkyv(derive(Debug))]
pub struct Marker {
    /// Identifier within the bundle.
    pub id: String,
    /// His name.
    pub name: String,
    /// Identifier in the pay system.
    pub staff_id: String,
    /// Mission in IMAG'IN.
    pub mission_id: String,
}

/// Whether a batch's marks are final.
#[derive(Archive, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
#[rkyv(derive(Debug, Clone, Copy, PartialEq, Eq))]
pub enum BatchState {
    /// Being marked.
    Open,
    /// *Verrouillé*: marks are final.
    Locked,
}

/// Whether a batch's harmonisation is decided.
#[derive(Archive, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
#[rkyv(derive(Debug, Clone, Copy, PartialEq, Eq))]
pub enum Harmonisation {
    /// Not yet.
    Pending,
    /// Yes.
    Validated,
}

/// *Lot*: the scripts given to one marker.
#[derive(Archive, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[rkyv(derive(Debug))]
pub struct Batch {
    /// Identifier within the exam.
    pub id: String,
    /// The marker's identifier.
    pub marker: String,
    /// Open or locked.
    pub state: BatchState,
    /// Pending or validated.
    pub harmonisation: Harmonisation,
}
