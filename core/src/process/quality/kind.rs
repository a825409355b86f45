//! What a sheet looks for, in words, with what to do about it.

use serde::{Deserialize, Serialize};

/// How much a finding weighs. There is no third one: what is found is never kept quiet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Shown; the closing goes on.
    Warning,
    /// The closing is refused before anything is sent.
    Blocker,
}

impl Severity {
    /// As the settings spell it.
    pub fn name(self) -> &'static str {
        match self {
            Severity::Warning => "warning",
            Severity::Blocker => "blocker",
        }
    }

    /// Reads what [`Severity::name`] writes.
    pub fn parse(text: &str) -> Option<Severity> {
        [Severity::Warning, Severity::Blocker].into_iter().find(|severity| severity.name() == text)
    }
}

/// A kind of finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Damaged pages that nobody accepted.
    DamagedPages,
    /// Damaged pages that somebody accepted.
    AcceptedPages,
    /// Pages that wait for inspection, of which the sheet can say nothing more.
    UninspectedPages,
    /// Pages on which nothing is written.
    BlankPages,
    /// Pages with fewer dots an inch than the policy asks for.
    LowResolution,
    /// Pages that are shown turned, or lie across their neighbours.
    RotatedPages,
    /// Scripts with fewer pages than the others of their batch.
    FewerPages,
    /// Pages with annotations that reach outside of them.
    AnnotationsOutside,
    /// Totals that differ from what their questions make.
    Totals,
    /// Scripts with scored questions and no total.
    ForgottenTotals,
    /// Scripts without a question that others like them have.
    ForgottenQuestions,
    /// Scripts of a locked batch that are neither marked nor said to have no mark.
    ForgottenMarks,
    /// Candidates by whom the services faits and the presences do not reconcile.
    Services,
}

impl Kind {
    /// All of them, in the order of a sheet: the scans, the marks, the counts.
    pub const ALL: [Kind; 13] = [
        Kind::DamagedPages,
        Kind::AcceptedPages,
        Kind::UninspectedPages,
        Kind::BlankPages,
        Kind::LowResolution,
        Kind::RotatedPages,
        Kind::FewerPages,
        Kind::AnnotationsOutside,
        Kind::Totals,
        Kind::ForgottenTotals,
        Kind::ForgottenQuestions,
        Kind::ForgottenMarks,
        Kind::Services,
    ];

    /// As settings and programs spell it.
    pub fn name(self) -> &'static str {
        match self {
            Kind::DamagedPages => "damaged_pages",
            Kind::AcceptedPages => "accepted_pages",
            Kind::UninspectedPages => "uninspected_pages",
            Kind::BlankPages => "blank_pages",
            Kind::LowResolution => "low_resolution",
            Kind::RotatedPages => "rotated_pages",
            Kind::FewerPages => "fewer_pages",
            Kind::AnnotationsOutside => "annotations_outside",
            Kind::Totals => "totals",
            Kind::ForgottenTotals => "forgotten_totals",
            Kind::ForgottenQuestions => "forgotten_questions",
            Kind::ForgottenMarks => "forgotten_marks",
            Kind::Services => "services",
        }
    }

    /// What was found, for people.
    pub fn what(self) -> &'static str {
        match self {
            Kind::DamagedPages => "damaged pages",
            Kind::AcceptedPages => "damaged pages that were accepted",
            Kind::UninspectedPages => "pages that nobody has inspected",
            Kind::BlankPages => "blank pages",
            Kind::LowResolution => "pages of low resolution",
            Kind::RotatedPages => "turned pages",
            Kind::FewerPages => "scripts with fewer pages than their neighbours",
            Kind::AnnotationsOutside => "pages with annotations outside of them",
            Kind::Totals => "totals that differ from their questions",
            Kind::ForgottenTotals => "scripts with scored questions and no total",
            Kind::ForgottenQuestions => "scripts without a question that others have",
            Kind::ForgottenMarks => "scripts in locked batches that nobody has marked",
            Kind::Services => "candidates whose presence and service statements do not reconcile",
        }
    }

    /// What to do about it.
    pub fn next(self) -> &'static str {
        match self {
            Kind::DamagedPages => "import better scans, or `copiste accept` them with a reason",
            Kind::AcceptedPages => "nothing, unless a better scan can still be had and imported",
            Kind::UninspectedPages => "run `copiste inspect`",
            Kind::BlankPages => "look whether a sheet was scanned from its empty side",
            Kind::LowResolution => "look whether the writing can be read; scan again and import if not",
            Kind::RotatedPages => "look whether they are upright; correct `rotate` in the bundle if not",
            Kind::FewerPages => "look for lost sheets, and import the whole scripts",
            Kind::AnnotationsOutside => "look whether they stand on the right page",
            Kind::Totals => "ask the marker; `copiste mark` corrects a total",
            Kind::ForgottenTotals => {
                "ask the marker for the total and set it with `copiste mark`; without it the candidate is sent as \
                 missing"
            }
            Kind::ForgottenQuestions => "ask the marker whether the total counts that question",
            Kind::ForgottenMarks => {
                "have them marked, or said to have no mark, and import the corrected bundle, or set the mark with \
                 `copiste mark`"
            }
            Kind::Services => {
                "correct the presence, the batch or the mark, so that the marker is paid for it"
            }
        }
    }

    /// What the counts of its findings are of.
    pub fn of(self) -> &'static str {
        match self {
            Kind::DamagedPages
            | Kind::AcceptedPages
            | Kind::UninspectedPages
            | Kind::BlankPages
            | Kind::LowResolution
            | Kind::RotatedPages
            | Kind::AnnotationsOutside => "pages",
            Kind::FewerPages
            | Kind::Totals
            | Kind::ForgottenTotals
            | Kind::ForgottenQuestions
            | Kind::ForgottenMarks => "scripts",
            Kind::Services => "candidates",
        }
    }

    /// How much it weighs unless the settings say otherwise.
    ///
    /// A warning, but where the closing would export what nobody decided: a script of a locked batch without
    /// mark goes out as `missing` although its marker neither gave a mark nor said that there is none.
    /// `copiste lock` refuses such a batch; one that comes locked in its bundle never passed there. A
    /// *forgotten total* is something else: the marker did say that there is none, and the setting
    /// `export_missing_marks` is there for it. What DOMAIN blocks, the processes block.
    pub fn usual(self) -> Severity {
        match self {
            Kind::ForgottenMarks => Severity::Blocker,
            _ => Severity::Warning,
        }
    }
}
