//! What a thread does with a request: asks the backend and answers, from the backend's answer or from a
//! deposited body.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::answer::Answer;
use super::backend::{Backend, Passing, written};
use super::connection::{Connection, Step};
use super::counts::Counted;
use super::handover::{Deposit, Handover};
use super::head::Head;
use super::limits::Limits;
use super::line::Line;
use super::peer::peer;
use super::pour::{Fault, Poured, pour};
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
        match answer.and_then(|answer| self.with_deposit(answer, bodiless, &line.id)) {
            Ok((answer, Some((deposit, place)))) => {
                line.status = answer.status;
                let step = self.send(&mut connection, head, &answer, deposit, line);
                drop(place);
                (connection, step)
            }
            Ok((answer, None)) => {
                line.status = answer.status;
                let mut bytes = answer.head(answer.length, head, &line.id);
                bytes.extend_from_slice(&answer.body);
                connection.owe(bytes, line, head.keep);
                let step = connection.flush(&self.limits, &self.trusted);
                (connection, step)
            }
            Err(refusal) => {
                let step =
                    connection.refuse(&refusal, line, head.page, bodiless, &self.limits, &self.trusted);
                (connection, step)
            }
        }
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
            direct: !head.forwarded && connection.address.is_loopback(),
        };
        let request = written(head, body, &passing);
        self.backend.ask(&line.id, &request, bodiless, &self.cut)
    }

    /// An answer with the deposited body that it names and a place to send it from; or, when none is to be
    /// sent, with the length that it would have.
    fn with_deposit(
        &self,
        mut answer: Answer,
        bodiless: bool,
        id: &str,
    ) -> Result<(Answer, Option<(Deposit, Place)>), Refusal> {
        let Some(token) = &answer.outgoing else { return Ok((answer, None)) };
        let Some(deposit) = self.handover.take(token) else {
            tracing::error!(request = id, "the backend named a deposited body that is not there");
            return Err(Refusal::NO_ANSWER);
        };
        if bodiless || answer.has_no_body() {
            answer.length = deposit.length();
            deposit.ended(0, false);
            return Ok((answer, None));
        }
        let place = self.sendings.take().ok_or(Refusal::SENDINGS)?;
        Ok((answer, Some((deposit, place))))
    }

    /// Sends a deposited body with its head.
    fn send(
        &self,
        connection: &mut Connection,
        head: &Head,
        answer: &Answer,
        deposit: Deposit,
        line: Line,
    ) -> Step {
        let bytes = answer.head(deposit.length(), head, &line.id);
        let counted = Counted::sending();
        let Poured { bytes: sent, fault } = pour(&connection.stream, self.limits.stall, &bytes, deposit);
        drop(counted);
        let whole = fault.is_none();
        match fault {
            None => {}
            Some(fault @ Fault::Reader(_)) => {
                tracing::info!(request = line.id, sent, %fault, "a body was not sent whole");
            }
            Some(fault) => tracing::error!(request = line.id, sent, %fault, "a body was not sent whole"),
        }
        line.ended(sent, whole);
        if !whole {
            return Step::Gone;
        }
        connection.open_or_close(head.keep);
        if head.keep { connection.advance(&self.limits, &self.trusted) } else { Step::Wait }
    }
}
