use super::{Ending, args::Inspect, output::Output};
pub(super) fn run(_: &Inspect, _: &mut Output) -> anyhow::Result<Ending> { Ok(Ending::Done) }
pub(super) fn inspect(_: &super::session::Session, _: &copiste_core::intake::worker::Decoder, _: Option<&String>) -> anyhow::Result<serde_json::Value> { Ok(serde_json::json!({})) }
