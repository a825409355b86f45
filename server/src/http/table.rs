//! Which requests there are and who may make them: one table for programs, one for people.
//!
//! A role that a route is not for gets 403 and learns nothing about what it asked for; whether somebody may see
//! *this* exam or script is the handler's first question, and what he may not see answers 404.

use std::sync::Arc;

use super::answer::Answer;
use super::call::Call;
use super::problem::Problem;
use super::routes::Found;
use crate::api::app::App;
use crate::api::{
    acts, closing, downloads, exams, health, jobs, metrics, openapi, pictures, scripts, session,
};
use crate::pages;

/// Who a route is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whom {
    /// *Gestionnaire DEC*.
    Office,
    /// *Coordinateur académique*.
    Coordinator,
    /// *Établissement*.
    School,
    /// Whoever keeps the accounts.
    Administrator,
}

use Whom::{Administrator, Coordinator, Office, School};

/// What a token must allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// Looking.
    Read,
    /// Taking copies away.
    Download,
    /// Changing something.
    Act,
}

/// Everybody, signed in or not.
const ANYONE: &[Whom] = &[];
const ALL: &[Whom] = &[Office, Coordinator, School, Administrator];
const EXAMS: &[Whom] = &[Office, Coordinator, School];
const STAFF: &[Whom] = &[Office, Coordinator];
const OFFICE: &[Whom] = &[Office];
const ADMINISTRATOR: &[Whom] = &[Administrator];
const COORDINATOR: &[Whom] = &[Coordinator];

/// One request that can be made.
pub(crate) struct Route {
    pub(crate) method: &'static str,
    /// `{name}` stands for one segment, which may have a fixed ending: `{script}.pdf`.
    pub(crate) path: &'static str,
    /// For whom; empty for everyone, without signing in.
    pub(crate) whom: &'static [Whom],
    pub(crate) need: Need,
    /// What it is for, in the description of the API.
    pub(crate) summary: &'static str,
    /// Parameters of the query.
    pub(crate) query: &'static [&'static str],
    pub(super) answer: Handler,
}

type Handler = fn(&Arc<App>, &Call, &Found) -> Result<Answer, Problem>;

macro_rules! routes {
    ($($method:ident $path:literal $whom:ident $need:ident [$($query:literal)*] $summary:literal => $answer:expr;)*) => {
        &[$(Route {
            method: stringify!($method),
            path: $path,
            whom: $whom,
            need: Need::$need,
            summary: $summary,
            query: &[$($query),*],
            answer: |app, call, found| $answer(app, call, found),
        }),*]
    };
}

/// What programs ask for. HEAD is answered wherever GET is; so in both tables.
pub(crate) const PROGRAMS: &[Route] = routes! {
    GET "/healthz" ANYONE Read [] "Whether the process answers" => health::alive;
    GET "/readyz" ANYONE Read [] "Whether the store can be read and written" => health::ready;
    GET "/metrics" ANYONE Read [] "Numbers for Prometheus: for this machine itself, and for the administrator" => metrics::show;
    GET "/api/v1/openapi.json" ANYONE Read [] "This description" => openapi::show;
    POST "/api/v1/session" ANYONE Read [] "Sign in with login and password" => session::sign_in;
    GET "/api/v1/session" ALL Read [] "Who is signed in" => session::show;
    DELETE "/api/v1/session" ALL Read [] "Sign out" => session::sign_out;
    PUT "/api/v1/session/password" ALL Read [] "Change one's own password" => session::change_password;
    GET "/api/v1/exams" EXAMS Read [] "The exams that one may see, with their processes" => exams::list;
    GET "/api/v1/exams/{exam}" EXAMS Read ["quality"] "One exam: processes with what is missing, indicators, settings" => exams::one;
    PUT "/api/v1/exams/{exam}/settings" OFFICE Act [] "Give functional settings other values" => acts::settings;
    POST "/api/v1/exams/{exam}/accepted-damage" OFFICE Act [] "Accept a damaged page, with a reason" => acts::accept_damage;
    POST "/api/v1/exams/{exam}/closing" OFFICE Act [] "Launch or relaunch the closing" => closing::launch;
    GET "/api/v1/exams/{exam}/closing" STAFF Read ["rows"] "Every export with its attempts and rejected rows; the rows as CSV" => closing::show;
    POST "/api/v1/exams/{exam}/harmonisation" COORDINATOR Act [] "Adjust marks, validate batches" => acts::harmonise;
    GET "/api/v1/exams/{exam}/scripts" EXAMS Read ["q" "after" "limit" "school"] "Search candidates" => scripts::list;
    GET "/api/v1/exams/{exam}/scripts.zip" EXAMS Download ["school" "without" "since" "until"] "All copies as one ZIP" => downloads::zip;
    GET "/api/v1/scripts/{script}.pdf" EXAMS Download ["without"] "One copy as a PDF" => downloads::pdf;
    GET "/api/v1/scripts/{script}" EXAMS Read [] "One script: pages, annotations, marks, appreciation" => scripts::one;
    GET "/api/v1/scripts/{script}/pages/{page}" EXAMS Read ["width"] "One page: its scan, or a PNG so many pixels wide" => pictures::page;
    POST "/api/v1/jobs" EXAMS Download [] "Make copies on the server's disk, or go on with that" => jobs::begin;
    GET "/api/v1/jobs/{job}" EXAMS Read [] "How far a job is" => jobs::show;
    DELETE "/api/v1/jobs/{job}" EXAMS Download [] "End a job; what is whole is kept" => jobs::cancel;
    PUT "/api/v1/scripts/{script}/mark" OFFICE Act [] "Correct a final mark, with a reason" => acts::correct;
};

/// What people look at.
pub(crate) const PAGES: &[Route] = routes! {
    GET "/" ALL Read [] "Tableau de bord" => pages::dashboard;
    GET "/connexion" ANYONE Read ["vers"] "Connexion" => pages::show_sign_in;
    POST "/connexion" ANYONE Read [] "Se connecter" => pages::sign_in;
    POST "/deconnexion" ALL Read [] "Se déconnecter" => pages::sign_out;
    GET "/mot-de-passe" ALL Read [] "Mot de passe" => pages::show_password;
    POST "/mot-de-passe" ALL Read [] "Changer le mot de passe" => pages::change_password;
    GET "/aide" ALL Read [] "Aide en ligne" => pages::help;
    GET "/comptes" ADMINISTRATOR Read [] "Comptes" => pages::accounts;
    POST "/comptes" ADMINISTRATOR Act [] "Créer un compte" => pages::create_account;
    GET "/comptes/{account}" ADMINISTRATOR Read [] "Un compte" => pages::account;
    POST "/comptes/{account}" ADMINISTRATOR Act [] "Changer un compte" => pages::change_account;
    GET "/journal" ADMINISTRATOR Read ["avant"] "Journal des comptes" => pages::journal_of_accounts;
    GET "/suivre.js" ANYONE Read [] "Ce qui avance" => pages::follow;
    GET "/style.css" ANYONE Read [] "Style" => pages::style;
    GET "/visionneuse.js" ANYONE Read [] "Confort de la visionneuse" => pages::viewer_script;
    GET "/recherche.js" ANYONE Read [] "Recherche au fil de la saisie" => pages::search_script;
    GET "/icone.svg" ANYONE Read [] "Icône" => pages::icon;
    GET "/parametrage" STAFF Read [] "Paramétrage fonctionnel de toutes les épreuves" => pages::settings_of_all;
    GET "/epreuves/{exam}/journal" STAFF Read ["candidat" "avant"] "Journal" => pages::journal;
    GET "/epreuves/{exam}/consultations" STAFF Read [] "Consultations" => pages::consultations;
    GET "/epreuves/{exam}" STAFF Read ["fait" "candidat"] "Épreuve" => pages::exam;
    POST "/epreuves/{exam}/pages-acceptees" OFFICE Act [] "Accepter une page" => pages::accept;
    GET "/epreuves/{exam}/parametrage" STAFF Read ["fait"] "Paramétrage fonctionnel" => pages::settings;
    POST "/epreuves/{exam}/parametrage" OFFICE Act [] "Changer les paramètres" => pages::change_settings;
    GET "/epreuves/{exam}/cloture" STAFF Read ["fait"] "Clôture" => pages::closing;
    POST "/epreuves/{exam}/cloture" OFFICE Act [] "Lancer la clôture" => pages::launch;
    POST "/epreuves/{exam}/cloture/essai" OFFICE Act [] "Essai à blanc" => pages::trial;
    GET "/epreuves/{exam}/harmonisation" STAFF Read ["fait"] "Harmonisation" => pages::harmonisation;
    POST "/epreuves/{exam}/harmonisation" COORDINATOR Act [] "Ajuster ou valider" => pages::harmonise;
    GET "/epreuves/{exam}/copies" EXAMS Read ["q" "apres" "sans-annotations" "sans-appreciation" "sans-marking"] "Éditer les copies" => pages::copies;
    GET "/copies/{script}" EXAMS Read ["page" "calques" "fait" "refus"] "Visionneuse" => pages::viewer;
    POST "/copies/{script}/note" OFFICE Act [] "Corriger une note finale" => pages::correct_mark;
};

/// Whether a program asks, and no person: by the first part of the path, also where there is nothing.
pub(crate) fn is_for_programs(first: Option<&str>) -> bool {
    matches!(first, Some("api" | "healthz" | "readyz" | "metrics"))
}

#[cfg(test)]
mod tests {
    use super::super::routes::{matched, path_of};
    use super::*;

    fn all() -> Vec<&'static Route> {
        PROGRAMS.iter().chain(PAGES).collect()
    }

    #[test]
    fn each_route_is_in_the_table_of_those_it_is_for() {
        let for_programs = |route: &Route| is_for_programs(route.path.split('/').nth(1));
        assert!(PROGRAMS.iter().all(for_programs));
        assert!(!PAGES.iter().any(for_programs));
    }

    #[test]
    fn no_two_routes_are_the_same_and_the_narrower_pattern_comes_first() {
        let all = all();
        for (index, one) in all.iter().enumerate() {
            for other in &all[index + 1..] {
                assert!(one.method != other.method || one.path != other.path, "{} {}", one.method, one.path);
                // What the later one means must not be taken by the earlier one.
                let example: String = other.path.replace(['{', '}'], "");
                let taken = one.method == other.method && matched(one.path, &path_of(&example)).is_some();
                assert!(!taken, "{} takes what {} means", one.path, other.path);
            }
        }
    }

    #[test]
    fn only_looking_is_done_by_get() {
        for route in all().into_iter().filter(|route| route.method == "GET") {
            assert_ne!(route.need, Need::Act, "{}", route.path);
        }
    }
}
