//! What was done, in the words of the screen: one sentence for each command of the journal.

use std::collections::BTreeMap;

use copiste_core::journal::{
    AccountContent, Answer as Answered, BatchMove, Command, MarkChange, Setting, Target, TokenContent, hex,
    instant,
};
use copiste_core::model::{BlobRef, Hundredths};
use copiste_core::store::Told as Kept;

use super::words;
use crate::api::app::App;
use crate::http::problem::Problem;

/// An act as people read it.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) what: String,
    /// Why; empty where no reason is asked for.
    pub(super) why: String,
}

/// How many names of a list are shown.
const SHOWN: usize = 8;

/// Tells an act. `names` are those of accounts by id.
pub(super) fn told(app: &App, command: &Command, names: &BTreeMap<String, String>) -> Result<Told, Problem> {
    let (what, why) = match command {
        Command::Import(done) => (
            format!(
                "Import : {}, {}, {}",
                words::count(done.counts.candidates, "candidat", "candidats"),
                words::count(done.counts.scripts, "copie", "copies"),
                words::count(done.counts.pages, "page", "pages")
            ),
            None,
        ),
        Command::AcceptDamage(done) => {
            let pages = done.pages.iter().map(|page| format!("{} page {}", page.candidate, page.page));
            (format!("Pages endommagées acceptées : {}", listed(pages)), Some(done.reason))
        }
        Command::FoundDamage(found) => {
            let pages = found
                .items
                .iter()
                .map(|item| format!("{} page {} ({})", item.candidate, item.page, item.code));
            (format!("Contrôle : pages illisibles : {}", listed(pages)), None)
        }
        Command::ChangeSettings(done) => {
            let values = done.values.iter().map(|(name, value)| format!("{name} = {}", setting(value)));
            (format!("Paramétrage : {}", listed(values)), None)
        }
        Command::MoveBatches(done) => {
            let what = match done.to {
                BatchMove::Lock => "Lots verrouillés",
                BatchMove::Unlock => "Lots déverrouillés",
                BatchMove::Validate => "Harmonisation validée, lots",
            };
            (format!("{what} : {}", listed(done.batches.iter().cloned())), None)
        }
        Command::ChangeMarks(done) => (marks(&done.change), Some(done.reason)),
        Command::Launch(done) => {
            let exports = done.exports.iter().map(|export| {
                let rows = words::count(export.count, "ligne", "lignes");
                format!("{} envoi {} ({rows})", target(export.target), export.number)
            });
            (format!("Lancement : {}", listed(exports)), None)
        }
        Command::Sent(done) => {
            let answer = match &done.answer {
                Answered::Committed { accepted, rejected: 0, .. } => {
                    format!("accepté, {}", words::count(*accepted, "ligne", "lignes"))
                }
                Answered::Committed { accepted, rejected, .. } => {
                    format!("{} acceptées, {} rejetées", words::grouped(*accepted), words::grouped(*rejected))
                }
                Answered::Failed { code, .. } => format!("en échec ({code})"),
                Answered::Unknown { code, .. } => format!("réponse perdue ({code})"),
            };
            (format!("{} envoi {} : {answer}", target(done.target), done.number), None)
        }
        Command::Publish(done) => {
            let at = words::moment(&instant(done.published_at));
            let by = if done.by_hand { " (inscrit à la main)" } else { "" };
            (format!("Cyclades a publié le {at}{by}"), None)
        }
        Command::HoldCopy(done) => {
            let what = if done.release { "n’est plus retenue" } else { "est retenue (recours)" };
            (format!("La copie du candidat {} {what}", done.candidate), Some(done.reason))
        }
        Command::PurgeExam(done) => (
            format!(
                "Destruction des copies après le {} : {}",
                words::moment(&done.consultable_until),
                words::count(done.gone.scripts, "copie", "copies")
            ),
            None,
        ),
        Command::PutAccount(done) => return account(app, &hex::encode(&done.account), &done.content, names),
        Command::PutToken(done) => return token(app, &hex::encode(&done.account), &done.content, names),
    };
    let why = match why {
        Some(reason) => text(app, &reason)?,
        None => String::new(),
    };
    Ok(Told { what, why })
}

fn marks(change: &MarkChange) -> String {
    let amount = |value: i32| {
        let sign = if value > 0 { "+" } else { "" };
        format!("{sign}{}", words::mark(&Hundredths(value).to_string()).replace('-', "−"))
    };
    match change {
        MarkChange::Batch { batch, by: 0 } => {
            format!("Harmonisation du lot {batch} : notes des correcteurs rétablies")
        }
        MarkChange::Batch { batch, by } => format!("Harmonisation du lot {batch} : {}", amount(*by)),
        MarkChange::Candidate { candidate, mark, .. } => {
            let mark = words::mark(&Hundredths(*mark).to_string());
            format!("Harmonisation : note du candidat {candidate} portée à {mark}")
        }
        MarkChange::Correction { candidate, mark } => {
            let mark = words::mark(&Hundredths(*mark).to_string());
            format!("Note finale du candidat {candidate} corrigée : {mark}")
        }
    }
}

/// What an account became. A login and a name are for the administrator, who made them.
fn account(
    app: &App,
    id: &str,
    content: &BlobRef,
    names: &BTreeMap<String, String>,
) -> Result<Told, Problem> {
    let name = names.get(id).map_or(id, String::as_str);
    let Some(content) = read::<AccountContent>(app, content)? else {
        return Ok(Told { what: format!("Compte {name}"), why: String::new() });
    };
    let state = match (content.active, content.must_change_password) {
        (false, _) => "fermé",
        (true, true) => "actif, doit choisir un mot de passe",
        (true, false) => "actif",
    };
    let role = words::account_role(&content.role);
    Ok(Told { what: format!("Compte {} ({name}) : {role}, {state}", content.login), why: String::new() })
}

fn token(
    app: &App,
    owner: &str,
    content: &BlobRef,
    names: &BTreeMap<String, String>,
) -> Result<Told, Problem> {
    let name = names.get(owner).map_or(owner, String::as_str);
    let Some(content) = read::<TokenContent>(app, content)? else {
        return Ok(Told { what: format!("Jeton de {name}"), why: String::new() });
    };
    let what = if content.revoked { "retiré" } else { "créé" };
    let until = words::moment(&instant(content.expires_at));
    let what = format!("Jeton « {} » de {name} {what}, valable jusqu’au {until}", content.label);
    Ok(Told { what, why: String::new() })
}

fn read<T: serde::de::DeserializeOwned>(app: &App, content: &BlobRef) -> Result<Option<T>, Problem> {
    let unreadable = |error: &dyn std::fmt::Display| {
        Problem::internal(&format!("HTT-173 what the journal refers to cannot be read: {error}"))
    };
    match app.store.told(content).map_err(|error| unreadable(&error))? {
        Kept::Destroyed => Ok(None),
        Kept::Text(text) => serde_json::from_str(&text).map(Some).map_err(|error| unreadable(&error)),
    }
}

fn text(app: &App, reason: &BlobRef) -> Result<String, Problem> {
    let unreadable = |error| Problem::internal(&format!("HTT-173 a reason cannot be read: {error}"));
    Ok(match app.store.told(reason).map_err(unreadable)? {
        Kept::Text(text) => text,
        Kept::Destroyed => "motif détruit avec les copies".to_owned(),
    })
}

fn listed(names: impl ExactSizeIterator<Item = String>) -> String {
    let (all, first) = (names.len(), names.take(SHOWN).collect::<Vec<_>>().join(", "));
    if all > SHOWN { format!("{first}, … ({all} en tout)") } else { first }
}

fn setting(value: &Setting) -> String {
    match value {
        Setting::Flag(true) => "OUI".to_owned(),
        Setting::Flag(false) => "NON".to_owned(),
        Setting::Count(count) => count.to_string(),
        Setting::Word(word) => word.to_uppercase(),
    }
}

fn target(target: Target) -> &'static str {
    words::target_name(target)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_of_marks_is_told_with_its_sign_and_its_comma() {
        let batch = |by| MarkChange::Batch { batch: "L001".to_owned(), by };
        assert_eq!(marks(&batch(50)), "Harmonisation du lot L001 : +0,50");
        assert_eq!(marks(&batch(-150)), "Harmonisation du lot L001 : −1,50");
        assert!(marks(&batch(0)).ends_with("rétablies"));
        let one = MarkChange::Correction { candidate: "0001".to_owned(), mark: 1_250 };
        assert_eq!(marks(&one), "Note finale du candidat 0001 corrigée : 12,50");
    }

    #[test]
    fn a_long_list_is_counted() {
        let names: Vec<String> = (0..20).map(|number| number.to_string()).collect();
        assert!(listed(names.clone().into_iter()).ends_with("… (20 en tout)"));
        assert_eq!(listed(names.into_iter().take(2)), "0, 1");
    }
}
