//! The words of the screen (DOMAIN, glossary).

use copiste_core::journal::{Role, Target};
use copiste_core::model::{AccountRole, ArchivedExam, ArchivedExamKind};
use copiste_core::process::closing::TargetState;
use copiste_core::process::processes::{Process, State};
use copiste_core::process::quality::Kind;

use crate::people::What;

/// *Épreuve ponctuelle* or *E3C*.
pub(super) fn kind(exam: &ArchivedExam) -> &'static str {
    match exam.kind {
        ArchivedExamKind::OneOff => "Épreuve ponctuelle",
        ArchivedExamKind::CommonAssessment => "E3C",
    }
}

/// A process by its name.
pub(super) fn process(process: Process) -> &'static str {
    match process {
        Process::Scanning => "Numérisation",
        Process::Distribution => "Distribution",
        Process::Marking => "Correction",
        Process::Harmonisation => "Harmonisation",
        Process::Closing => "Clôture",
        Process::Download => "Téléchargement",
    }
}

/// Where its part of a page begins.
pub(super) fn anchor(process: Process) -> &'static str {
    match process {
        Process::Scanning => "numerisation",
        Process::Distribution => "distribution",
        Process::Marking => "correction",
        Process::Harmonisation => "harmonisation",
        Process::Closing => "cloture",
        Process::Download => "telechargement",
    }
}

/// How far it is, and how that looks.
pub(super) fn state(state: State, percent: u8) -> (String, &'static str) {
    match state {
        State::NotApplicable => ("sans objet".to_owned(), "bien"),
        State::Finished => ("terminé".to_owned(), "bien"),
        State::Unfinished => (format!("{percent} %"), "moyen"),
    }
}

/// When it is finished.
pub(super) fn condition(process: Process, state: State) -> &'static str {
    if state == State::NotApplicable {
        return "sans objet, cette épreuve n’est pas harmonisée";
    }
    match process {
        Process::Scanning => {
            "chaque candidat présent a sa copie, toutes les pages sont contrôlées, chaque page endommagée est \
             remplacée ou acceptée nommément"
        }
        Process::Distribution => "chaque copie est dans un lot",
        Process::Marking => "chaque lot est verrouillé",
        Process::Harmonisation => "l’harmonisation de chaque lot est validée",
        Process::Closing => "Cyclades a accepté les notes",
        Process::Download => "chaque copie est transmise ; le téléchargement ouvre avec la première",
    }
}

/// What is missing, by its English name; the name itself where there is no French one yet.
pub(super) fn need(what: &str) -> &str {
    match what {
        "present candidates without a script" => "candidats présents sans copie",
        "damaged pages" => "pages endommagées",
        "pages to inspect" => "pages à contrôler",
        "scripts in no batch" => "copies sans lot",
        "batches not locked" => "lots non verrouillés",
        "batches not validated" => "lots non validés",
        "present candidates without a mark" => "candidats présents sans note",
        "scripts not transmitted" => "copies non transmises",
        other => other,
    }
}

/// What a quality sheet found.
pub(super) fn finding(kind: Kind) -> &'static str {
    match kind {
        Kind::DamagedPages => "pages endommagées",
        Kind::AcceptedPages => "pages endommagées acceptées",
        Kind::UninspectedPages => "pages non contrôlées",
        Kind::BlankPages => "pages blanches",
        Kind::LowResolution => "pages de faible résolution",
        Kind::RotatedPages => "pages tournées",
        Kind::FewerPages => "copies plus courtes que les autres de leur lot",
        Kind::AnnotationsOutside => "pages dont une annotation déborde",
        Kind::Totals => "totaux différents de la somme des questions",
        Kind::ForgottenTotals => "copies dont les questions sont notées, sans total",
        Kind::ForgottenQuestions => "copies où une question n’est pas notée",
        Kind::ForgottenMarks => "copies d’un lot verrouillé que personne n’a notées",
        Kind::Services => "candidats dont la présence et le service fait ne concordent pas",
    }
}

/// What is known of an export, and how that looks.
pub(super) fn target(state: TargetState) -> (&'static str, &'static str) {
    match state {
        TargetState::NotSent => ("non envoyé", "moyen"),
        TargetState::BeingSettled => ("réponse attendue", "moyen"),
        TargetState::Failed => ("en échec", "mal"),
        TargetState::PartlyAccepted => ("accepté en partie", "mal"),
        TargetState::Accepted => ("accepté", "bien"),
    }
}

/// A target by its name.
pub(super) fn target_name(target: Target) -> &'static str {
    match target {
        Target::Cyclades => "Cyclades",
        Target::Imagin => "IMAG’IN",
    }
}

/// The role of an account, with what it is limited to.
pub(super) fn account_role(role: &AccountRole) -> String {
    let name = self::role(&Role::from(role));
    match role {
        AccountRole::ExamOfficeManager { entity: Some(entity) }
        | AccountRole::AcademicCoordinator { entity: Some(entity) } => format!("{name} ({entity})"),
        _ => name,
    }
}

/// What was looked at or taken away.
pub(super) fn taken(what: What) -> &'static str {
    match what {
        What::View => "copie consultée",
        What::Page => "page consultée",
        What::Pdf => "PDF d’une copie",
        What::Zip => "ZIP",
        What::List => "liste de candidats (CSV)",
    }
}

/// A role by its name.
pub(super) fn role(role: &Role) -> String {
    match role {
        Role::ExamOfficeManager => "Gestionnaire DEC".to_owned(),
        Role::AcademicCoordinator => "Coordinateur académique".to_owned(),
        Role::School(uai) => format!("Établissement {uai}"),
        Role::Administrator => "Administrateur".to_owned(),
        Role::System => "copiste".to_owned(),
    }
}

/// `1 copie`, `12 copies`.
pub(super) fn count(number: u64, one: &str, several: &str) -> String {
    // In French, zero is singular.
    format!("{} {}", grouped(number), if number < 2 { one } else { several })
}

/// `27 000`, with a narrow space that does not break.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push('\u{202F}');
        }
        text.push(digit);
    }
    text
}

/// `235 Mo`.
pub(super) fn size(bytes: u64) -> String {
    let units = [(1_000_000_000, "Go"), (1_000_000, "Mo"), (1_000, "ko")];
    match units.into_iter().find(|(unit, _)| bytes >= *unit) {
        // One decimal below ten.
        Some((unit, name)) if bytes / unit < 10 => {
            let tenths = bytes.saturating_mul(10) / unit;
            format!("{},{} {name}", tenths / 10, tenths % 10)
        }
        Some((unit, name)) => format!("{} {name}", bytes / unit),
        None => format!("{bytes} octets"),
    }
}

/// `12.50` as `12,50`.
pub(super) fn mark(text: &str) -> String {
    text.replace('.', ",")
}

/// `2026-07-05T08:00:00Z` as `05/07/2026 08:00`; `2020-01-20T08:00` alike.
pub(super) fn moment(text: &str) -> String {
    let (day, time) = text.split_once('T').unwrap_or((text, ""));
    let parts: Vec<&str> = day.split('-').collect();
    let [year, month, day] = parts[..] else { return text.to_owned() };
    let time: String = time.chars().take(5).collect();
    format!("{day}/{month}/{year} {time}").trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_the_french_way() {
        assert_eq!(grouped(27_000), "27\u{202F}000");
        assert_eq!(grouped(999), "999");
        assert_eq!(count(0, "copie", "copies"), "0 copie");
        assert_eq!(count(2, "copie", "copies"), "2 copies");
        assert_eq!(size(1_550_000), "1,5 Mo");
        assert_eq!(size(246_205_078), "246 Mo");
        assert_eq!(size(12), "12 octets");
        assert_eq!(mark("12.50"), "12,50");
        assert_eq!(moment("2026-07-05T08:00:00Z"), "05/07/2026 08:00");
        assert_eq!(moment("2020-01-20T08:00"), "20/01/2020 08:00");
        assert_eq!(moment("2020-01-20"), "20/01/2020");
    }
}
