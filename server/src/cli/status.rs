use super::{Ending, args::Status, output::Output, session::Session};
use copiste_core::journal::Role;
pub(super) fn run(t: &Status, o: &mut Output) -> anyhow::Result<Ending> {
  let s = Session::open(&t.data, Role::ExamOfficeManager, false)?;
  if let Some(e) = &t.exam { super::session::exam(&s.store, e)?; }
  let mut v = Vec::new();
  for e in s.store.exams()? { v.push(format!("{} {:?} {:?}", e.id(), e.counts(), e.damaged()?)); }
  o.line(v.join("\n"))?; Ok(Ending::Done) }
