//! Correcting a final mark, from the page of its copy: an act of its own, with a reason.

use std::sync::Arc;

use copiste_core::journal::MarkChange;
use copiste_core::process::acts::By;

use super::frame::redirect;
use crate::api::acts::hundredths;
use crate::api::app::App;
use crate::http::answer::Answer;
use crate::http::call::Call;
use crate::http::problem::Problem;
use crate::http::routes::Found;

/// `POST /copies/{script}/note`.
pub(crate) fn correct(app: &Arc<App>, call: &Call, found: &Found) -> Result<Answer, Problem> {
    let who = found.who()?;
    let seen = app.script_of(who, found.parameter("script"))?;
    let field = |name: &str| call.form_field(name).unwrap_or_default();
    let copy = format!("/copies/{}", found.parameter("script"));
    let refused = |problem: Problem| {
        // Whose fault it is ours is shown as such; everything else beside the form, by its code.
        if problem.status >= 500 {
            Err(problem)
        } else {
            Ok(redirect(&format!("{copy}?refus={}", problem.code)))
        }
    };
    let mark = match hundredths(field("mark").trim()) {
        Ok(mark) => mark,
        Err(problem) => return refused(problem),
    };
    let candidate = seen.view.candidate_at(seen.place)?.ok_or_else(Problem::not_found)?;
    let change = MarkChange::Correction { candidate: candidate.get().number.to_string(), mark };
    let actor = who.as_actor();
    let desk = By { store: &app.store, actor: &actor, at: (app.now)() };
    match desk.change_marks(seen.view.id(), change, &field("reason")) {
        Ok(_) => Ok(redirect(&format!("{copy}?fait=note"))),
        Err(error) => refused(error.into()),
    }
}

/// Why a correction was refused, for the page of the copy; none for what is no code.
pub(super) fn refusal(code: &str, step: &str) -> Option<String> {
    let why = match code {
        "HTT-132" => "écrivez la note comme 12,5".to_owned(),
        "MRK-001" => format!("une note de cette épreuve va de 0 à 20, par pas de {step}"),
        "MRK-006" => "Cyclades a publié, les notes sont définitives".to_owned(),
        "MRK-007" => "le candidat n’est pas venu".to_owned(),
        "MRK-008" => "la copie n’est pas dans un lot verrouillé".to_owned(),
        "ACT-001" => "un motif est nécessaire".to_owned(),
        other => {
            let spelt = other.len() == 7
                && other
                    .chars()
                    .all(|sign| sign.is_ascii_uppercase() || sign.is_ascii_digit() || sign == '-');
            return spelt.then(|| format!("La correction est refusée ({other}). Rien n’a été changé."));
        }
    };
    Some(format!("La correction est refusée : {why} ({code}). Rien n’a été changé."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_says_why_in_french_and_what_somebody_wrote_into_a_link_is_not_repeated() {
        let told = refusal("MRK-001", "0,5").expect("a known code");
        assert!(told.contains("par pas de 0,5") && told.contains("MRK-001"), "{told}");
        assert!(refusal("MRK-005", "1").is_some_and(|told| told.contains("MRK-005")));
        for made_up in ["", "<script>", "Votre session a expiré", "MRK-0055", "mrk-001"] {
            assert_eq!(refusal(made_up, "1"), None, "{made_up}");
        }
    }
}
