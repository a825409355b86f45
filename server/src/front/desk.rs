//! What a thread does with a request: asks the backend and answers, from the backend's answer or from a
//! deposited body.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::answer::Answer;
use super::backend::{Backend, Passing, written};
use super::connection::{Connection, Step};
use super::handover::Handover;
use super::head::Head;
use super::limits::Limits;
use super::line::Line;
use super::peer::peer;
use super::pour::{Fault, pour};
use super::refusal::Refusal;
use super::workers::{Place, Places};

/// What all threads share.
pub(super) struct Desk {
    pub(super) backend: Backend,
    pub(super) handover: Arc<Handover>,
    pub(super) limits: Limits,
    pub(super) trusted: Vec<IpAddr>,
    pub(super) sendings: Places,
    /// The grace is over: nobody waits for the backend any more.
    pub(super) cut: AtomicBool,
}

impl Desk {
    /// Answers a request. Gives the connection back with what is to be done next. `place` is that of a busy
    /// request, free again when the backend has answered.
    pub(super) fn answer(
        &self,
        mut connection: Connection,
        head: &Head,
        body: &[u8],
        place: Place,
    ) -> (Connection, Step) {
        let mut line = Line::of(head, peer(connection.address, &head.forwarded_for, &self.trusted));
        let bodiless = head.method == "HEAD";
        let answer = self.asked(&connection, head, body, &line, bodiless);
        drop(place);
        let refused = match answer {
            Ok(answer) if answer.outgoing.is_some() => {
                match self.send(&mut connection, head, &answer, line) {
                    Ok(step) => return (connection, step),
                    Err((refusal, ours)) => {
                        line = ours;
                        refusal
                    }
                }
            }
            Ok(answer) => {
                line.status = answer.status;
                let mut bytes = answer.head(answer.length, head, &line.id);
                bytes.extend_from_slice(&answer.body);
                connection.owe(bytes, line, head.keep);
                let step = connection.flush(&self.limits, &self.trusted);
                return (connection, step);
            }
            Err(refusal) => refusal,
        };
        let step = connection.refuse(&refused, line, head.page, bodiless, &self.limits, &self.trusted);
        (connection, step)
    }

    fn asked(
        &self,
        connection: &Connection,
        head: &Head,
        body: &[u8],
        line: &Line,
        bodiless: bool,
    ) -> Result<Answer, Refusal> {
        let host = connection.stream.local_addr().map(|address| address.to_string()).unwrap_or_default();
        let passing = Passing {
            peer: line.peer(),
            id: &line.id,
            host: &host,
            https: head.forwarded_https && self.trusted.contains(&connection.address),
        };
        let request = written(head, body, &passing);
        self.backend.ask(&line.id, &request, bodiless, &self.cut)
    }

    /// Sends the deposited body that an answer names, or says why not, before anything was sent.
    fn send(
        &self,
        connection: &mut Connection,
        head: &Head,
        answer: &Answer,
        mut line: Line,
    ) -> Result<Step, (Refusal, Line)> {
        let token = answer.outgoing.as_deref().unwrap_or_default();
        let Some(deposit) = self.handover.take(token) else {
            tracing::error!(request = line.id, "the backend named a deposited body that is not there");
            return Err((Refusal::NO_ANSWER, line));
        };
        line.status = answer.status;
        let bytes = answer.head(deposit.length(), head, &line.id);
        if head.method == "HEAD" || answer.has_no_body() {
            deposit.ended(0, false);
            connection.owe(bytes, line, head.keep);
            return Ok(connection.flush(&self.limits, &self.trusted));
        }
        let Some(_place) = self.sendings.take() else { return Err((Refusal::SENDINGS, line)) };
        let poured = pour(&connection.stream, self.limits.stall, &bytes, deposit);
        let whole = poured.fault.is_none();
        match poured.fault {
            None => {}
            Some(fault @ Fault::Reader(_)) => {
                tracing::info!(request = line.id, %fault, "a body was not sent whole")
            }
            Some(fault) => {
                tracing::error!(request = line.id, sent = poured.bytes, %fault, "a body was not sent whole")
            }
        }
        line.ended(poured.bytes, whole);
        if !whole {
            return Ok(Step::Gone);
        }
        connection.open_or_close(head.keep);
        Ok(if head.keep { connection.advance(&self.limits, &self.trusted) } else { Step::Wait })
    }
}
