//! Which requests there are and who may make them: one table.
//!
//! A role that a route is not for gets 403 and learns nothing about what it asked for; whether somebody may see
//! *this* exam or script is the handler's first question, and what he may not see answers 404.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::answer::Answer;
use super::call::Call;
use super::identity::{Identity, comes_from_himself, identify, set_cookie, whom};
use super::problem::Problem;
use crate::api::app::App;
use crate::api::{acts, closing, downloads, exams, health, jobs, openapi, scripts, session};
use crate::pages;
use crate::people::Who;

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
    answer: Handler,
}

type Handler = fn(&Arc<App>, &Call, &Found) -> Result<Answer, Problem>;

/// A route that was found, and for whom.
pub(crate) struct Found {
    who: Option<Who>,
    /// The cookie of the session, when he came with one.
    pub(crate) cookie: Option<String>,
    parameters: BTreeMap<&'static str, String>,
}

impl Found {
    /// Who asks.
    ///
    /// # Errors
    /// 401 on a route for everyone, when nobody is signed in.
    pub(crate) fn who(&self) -> Result<&Who, Problem> {
        self.who.as_ref().ok_or_else(|| {
            Problem::new(
                401,
                "HTT-112",
                "Not signed in",
                "sign in, or send a token that is still good".to_owned(),
            )
        })
    }

    /// Who asks, if he is known.
    pub(crate) fn known(&self) -> Option<&Who> {
        self.who.as_ref()
    }

    /// A part of the path by its name in the table; empty where the table has none of that name.
    pub(crate) fn parameter(&self, name: &str) -> &str {
        self.parameters.get(name).map_or("", String::as_str)
    }
}

macro_rules! routes {
    ($($method:ident $path:literal $whom:ident $need:ident [$($query:literal)*] $summary:literal => $answer:expr;)*) => {
        /// All of them. HEAD is answered wherever GET is.
        pub(crate) const ROUTES: &[Route] = &[$(Route {
            method: stringify!($method),
            path: $path,
            whom: $whom,
            need: Need::$need,
            summary: $summary,
            query: &[$($query),*],
            answer: |app, call, found| $answer(app, call, found),
        }),*];
    };
}

routes! {
    GET "/healthz" ANYONE Read [] "Whether the process answers" => health::alive;
    GET "/readyz" ANYONE Read [] "Whether the store can be read and written" => health::ready;
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
    GET "/api/v1/scripts/{script}" EXAMS Read [] "One script: pages, marks, appreciation" => scripts::one;
    POST "/api/v1/jobs" EXAMS Download [] "Make copies on the server's disk, or go on with that" => jobs::begin;
    GET "/api/v1/jobs/{job}" EXAMS Read [] "How far a job is" => jobs::show;
    DELETE "/api/v1/jobs/{job}" EXAMS Download [] "End a job; what is whole is kept" => jobs::cancel;
    GET "/" ALL Read [] "Tableau de bord" => pages::dashboard;
    GET "/connexion" ANYONE Read ["vers"] "Connexion" => pages::show_sign_in;
    POST "/connexion" ANYONE Read [] "Se connecter" => pages::sign_in;
    POST "/deconnexion" ALL Read [] "Se déconnecter" => pages::sign_out;
    GET "/mot-de-passe" ALL Read [] "Mot de passe" => pages::show_password;
    POST "/mot-de-passe" ALL Read [] "Changer le mot de passe" => pages::change_password;
    GET "/aide" ALL Read [] "Aide en ligne" => pages::help;
    GET "/style.css" ANYONE Read [] "Style" => pages::style;
    GET "/icone.svg" ANYONE Read [] "Icône" => pages::icon;
    GET "/epreuves/{exam}" STAFF Read ["fait"] "Épreuve" => pages::exam;
    POST "/epreuves/{exam}/pages-acceptees" OFFICE Act [] "Accepter une page" => pages::accept;
    GET "/epreuves/{exam}/parametrage" STAFF Read ["fait"] "Paramétrage fonctionnel" => pages::settings;
    POST "/epreuves/{exam}/parametrage" OFFICE Act [] "Changer les paramètres" => pages::change_settings;
    GET "/epreuves/{exam}/cloture" STAFF Read ["fait"] "Clôture" => pages::closing;
    POST "/epreuves/{exam}/cloture" OFFICE Act [] "Lancer la clôture" => pages::launch;
    GET "/epreuves/{exam}/harmonisation" STAFF Read ["fait"] "Harmonisation" => pages::harmonisation;
    POST "/epreuves/{exam}/harmonisation" COORDINATOR Act [] "Ajuster ou valider" => pages::harmonise;
    GET "/epreuves/{exam}/copies" EXAMS Read ["q" "apres" "sans-annotations" "sans-appreciation" "sans-marking"] "Éditer les copies" => pages::copies;
    PUT "/api/v1/scripts/{script}/mark" OFFICE Act [] "Correct a final mark, with a reason" => acts::correct;
}

/// Answers a request: finds its route, asks who it is, lets the route answer.
pub(crate) fn answer(app: &Arc<App>, call: &Call) -> Answer {
    let mut renewed = None;
    let answered = find(call).and_then(|(route, parameters)| {
        let mut identity = identify(app, call)?;
        renewed = identity.renewed.take();
        admitted(route, &identity)?;
        if !route.whom.is_empty() {
            comes_from_himself(app, call, &identity, route.need)?;
        }
        (route.answer)(app, call, &Found { who: identity.who, cookie: identity.cookie, parameters })
    });
    let answer = answered.unwrap_or_else(|problem| {
        if problem.status >= 500 {
            tracing::error!(
                request = call.id,
                code = problem.code,
                detail = problem.detail,
                "a request failed"
            );
        }
        if is_page(call) { page_problem(call, &problem) } else { Answer::problem(&problem) }
    });
    match renewed {
        Some(cookie) if !answer.headers.iter().any(|(name, _)| *name == "Set-Cookie") => {
            answer.with("Set-Cookie", set_cookie(call, &cookie))
        }
        _ => answer,
    }
}

/// Whether a person looks at the answer.
fn is_page(call: &Call) -> bool {
    let first = call.path.first().map(String::as_str);
    !matches!(first, Some("api" | "healthz" | "readyz" | "metrics"))
}

/// A problem for a person: whoever is not signed in is led to where he can, and then back.
fn page_problem(call: &Call, problem: &Problem) -> Answer {
    match problem.code.as_str() {
        "HTT-112" if call.method == "GET" => {
            let path: String = call.path.iter().map(|segment| format!("/{}", escaped(segment))).collect();
            pages::redirect(&format!("/connexion?vers={}", escaped(&path)))
        }
        "HTT-112" => pages::redirect("/connexion"),
        "HTT-114" => pages::redirect("/mot-de-passe"),
        _ => pages::problem(problem),
    }
}

/// As a part of an address.
pub(crate) fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    escaped
}

/// The route of a request, with the named parts of its path.
fn find(call: &Call) -> Result<(&'static Route, BTreeMap<&'static str, String>), Problem> {
    let method = if call.is_head() { "GET" } else { call.method.as_str() };
    let mut allowed = Vec::new();
    for route in ROUTES {
        let Some(parameters) = matched(route.path, &call.path) else { continue };
        if route.method == method {
            return Ok((route, parameters));
        }
        allowed.push(route.method);
    }
    if allowed.is_empty() {
        return Err(Problem::not_found());
    }
    let detail = format!("this takes {}", allowed.join(", "));
    Err(Problem::new(405, "HTT-111", "Method not allowed", detail))
}

/// The named parts of a path that a pattern fits.
fn matched(pattern: &'static str, path: &[String]) -> Option<BTreeMap<&'static str, String>> {
    let mut segments = pattern.split('/').skip(1);
    let mut parameters = BTreeMap::new();
    for given in path {
        let wanted = segments.next()?;
        match wanted.strip_prefix('{').and_then(|named| named.split_once('}')) {
            Some((name, ending)) => {
                let value = given.strip_suffix(ending).filter(|value| !value.is_empty())?;
                parameters.insert(name, value.to_owned());
            }
            None if wanted == given => {}
            None => return None,
        }
    }
    segments.next().is_none().then_some(parameters)
}

/// What somebody may do whose password was given to him by somebody else.
const OPEN_UNTIL_CHANGED: [&str; 4] =
    ["/api/v1/session", "/api/v1/session/password", "/mot-de-passe", "/deconnexion"];

/// Lets through whoever the route is for.
fn admitted(route: &Route, identity: &Identity) -> Result<(), Problem> {
    if route.whom.is_empty() {
        return Ok(());
    }
    let Some(who) = &identity.who else {
        let detail = "sign in, or send a token that is still good".to_owned();
        return Err(Problem::new(401, "HTT-112", "Not signed in", detail));
    };
    if who.must_change_password() && !OPEN_UNTIL_CHANGED.contains(&route.path) {
        let what = "HTT-114 the password was given to you by somebody else: choose one of your own first";
        return Err(Problem::of(403, "Password to be changed", &what));
    }
    if !route.whom.contains(&whom(who)) {
        let detail = "this is not for your role".to_owned();
        return Err(Problem::new(403, "HTT-113", "Not in this role", detail));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path_of(target: &str) -> Vec<String> {
        target.split('/').skip(1).map(str::to_owned).collect()
    }

    #[test]
    fn a_path_fits_its_own_pattern_only() {
        let parts = matched("/api/v1/scripts/{script}.pdf", &path_of("/api/v1/scripts/ab.pdf"));
        assert_eq!(parts.expect("it fits")["script"], "ab");
        for other in
            ["/api/v1/scripts/.pdf", "/api/v1/scripts/ab", "/api/v1/scripts/ab.pdf/", "/api/v1/scripts"]
        {
            assert!(matched("/api/v1/scripts/{script}.pdf", &path_of(other)).is_none(), "{other}");
        }
    }

    #[test]
    fn no_two_routes_are_the_same_and_the_narrower_pattern_comes_first() {
        for (index, one) in ROUTES.iter().enumerate() {
            for other in &ROUTES[index + 1..] {
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
        for route in ROUTES.iter().filter(|route| route.method == "GET") {
            assert_ne!(route.need, Need::Act, "{}", route.path);
        }
    }
}
