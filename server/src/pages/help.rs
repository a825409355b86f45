//! *Aide en ligne*, and what pages are dressed with.

use std::sync::Arc;

use askama::Template;

use super::frame::{Frame, page};
use crate::api::app::App;
use crate::http::answer::Answer;
use crate::http::call::Call;
use crate::http::problem::Problem;
use crate::http::routes::Found;

#[derive(Template)]
#[template(path = "aide.html")]
struct Help {
    frame: Frame,
}

/// `GET /aide`.
pub(crate) fn help(app: &Arc<App>, _: &Call, found: &Found) -> Result<Answer, Problem> {
    page(200, &Help { frame: Frame::of(app, found, "aide") })
}

/// `GET /style.css`.
pub(crate) fn style(_: &Arc<App>, _: &Call, _: &Found) -> Result<Answer, Problem> {
    Ok(kept("text/css; charset=utf-8", include_bytes!("../../static/style.css")))
}

/// `GET /suivre.js`.
pub(crate) fn follow(_: &Arc<App>, _: &Call, _: &Found) -> Result<Answer, Problem> {
    Ok(kept("text/javascript; charset=utf-8", include_bytes!("../../static/suivre.js")))
}

/// `GET /icone.svg`.
pub(crate) fn icon(_: &Arc<App>, _: &Call, _: &Found) -> Result<Answer, Problem> {
    Ok(kept("image/svg+xml", include_bytes!("../../static/icone.svg")))
}

/// `GET /visionneuse.js`: comfort in the viewer.
pub(crate) fn viewer_script(_: &Arc<App>, _: &Call, _: &Found) -> Result<Answer, Problem> {
    Ok(kept("text/javascript; charset=utf-8", include_bytes!("../../static/visionneuse.js")))
}

/// `GET /recherche.js`: search as one types.
pub(crate) fn search_script(_: &Arc<App>, _: &Call, _: &Found) -> Result<Answer, Problem> {
    Ok(kept("text/javascript; charset=utf-8", include_bytes!("../../static/recherche.js")))
}

/// The same for everyone until the next version: browsers may keep it for some minutes.
fn kept(kind: &str, bytes: &[u8]) -> Answer {
    Answer::bytes(200, kind, bytes.to_vec()).with("Cache-Control", "public, max-age=600")
}
