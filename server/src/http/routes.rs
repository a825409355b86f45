//! From a request to its answer: which route it is, who asks, whether he may.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use super::answer::Answer;
use super::call::{Call, escaped};
use super::identity::{Identity, comes_from_himself, identify, set_cookie, whom};
use super::problem::Problem;
use super::table::{PAGES, PROGRAMS, Route, is_for_programs};
use crate::api::app::App;
use crate::metrics;
use crate::pages;
use crate::people::Who;

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
        self.who.as_ref().ok_or_else(Problem::not_signed_in)
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

/// Answers a request, and counts it.
pub(crate) fn answer(app: &Arc<App>, call: &Call) -> Answer {
    let (began, found) = (Instant::now(), find(call));
    let route = found.as_ref().map_or("none", |(route, _)| route.path);
    let answer = answered(app, call, found);
    metrics::request(route, &call.method, answer.status, began.elapsed());
    answer
}

/// Asks who it is, and lets the route that was found answer.
fn answered(app: &Arc<App>, call: &Call, found: Result<Fit, Problem>) -> Answer {
    let mut renewed = None;
    let answered = found.and_then(|(route, parameters)| {
        let mut identity = identify(app, call)?;
        renewed = identity.renewed.take();
        admitted(route, &identity)?;
        if !route.whom.is_empty() {
            comes_from_himself(app, call, &identity, route.need)?;
        }
        call.only(route.query)?;
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
        let program = is_for_programs(call.path.first().map(String::as_str));
        let answer = if program { Answer::problem(&problem) } else { page_problem(call, &problem) };
        // People are led to where they sign in; no browser asks them by itself.
        let told = problem.headers.into_iter().filter(|(name, _)| program || *name != "WWW-Authenticate");
        told.fold(answer, |answer, (name, value)| answer.with(name, value))
    });
    match renewed {
        Some(cookie) if !answer.headers.iter().any(|(name, _)| *name == "Set-Cookie") => {
            answer.with("Set-Cookie", set_cookie(call, &cookie))
        }
        _ => answer,
    }
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

/// A route, and the named parts of the path.
type Fit = (&'static Route, BTreeMap<&'static str, String>);

/// The route of a request, with the named parts of its path.
fn find(call: &Call) -> Result<Fit, Problem> {
    let method = if call.is_head() { "GET" } else { call.method.as_str() };
    let mut allowed = Vec::new();
    for route in PROGRAMS.iter().chain(PAGES) {
        let Some(parameters) = matched(route.path, &call.path) else { continue };
        if route.method == method {
            return Ok((route, parameters));
        }
        allowed.push(route.method);
        if route.method == "GET" {
            allowed.push("HEAD");
        }
    }
    if allowed.is_empty() {
        return Err(Problem::not_found());
    }
    let detail = format!("this takes {}", allowed.join(", "));
    Err(Problem::new(405, "HTT-111", "Method not allowed", detail).header("Allow", allowed.join(", ")))
}

/// The named parts of a path that a pattern fits.
pub(super) fn matched(pattern: &'static str, path: &[String]) -> Option<BTreeMap<&'static str, String>> {
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
    let Some(who) = &identity.who else { return Err(Problem::not_signed_in()) };
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
pub(super) fn path_of(target: &str) -> Vec<String> {
    target.split('/').skip(1).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
