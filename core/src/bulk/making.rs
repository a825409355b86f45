//! One edition made from the records, and what that costs when it goes wrong: this copy and no other.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};

use super::choosing::{Choice, Chosen, Selection, choose};
use super::error::CopyFault;
use super::rows::Row;
use super::source::Source;
use crate::model::School;
use crate::render::{Desk, Press, Profile, Subject};
use crate::rope::Rope;
use crate::store::Record;

/// Schools met so far: an exam has some hundred, its copies come school by school.
#[derive(Default)]
pub(super) struct Schools(Mutex<BTreeMap<String, Record<School>>>);

/// What editions are made from and with.
#[derive(Clone, Copy)]
pub(super) struct Making<'a> {
    pub source: &'a dyn Source,
    pub press: &'a Press,
    pub schools: &'a Schools,
}

impl Making<'_> {
    /// Makes one edition on a desk and hands it on. A panic, in a renderer or in what it is handed to,
    /// is this copy's fault and no other's.
    pub fn edition<T>(
        &self,
        profile: Profile,
        chosen: &Chosen,
        desk: &mut Desk,
        then: impl FnOnce(&mut Rope) -> Result<T, CopyFault>,
    ) -> Result<T, CopyFault> {
        self.drawn(chosen, desk, |subject, desk| then(self.press.edition(subject, profile, desk)?))
    }

    /// Draws from a copy's records on a desk. A panic is this copy's fault and no other's.
    pub fn drawn<T>(
        &self,
        chosen: &Chosen,
        desk: &mut Desk,
        draw: impl FnOnce(&Subject<'_>, &mut Desk) -> Result<T, CopyFault>,
    ) -> Result<T, CopyFault> {
        let made = catch_unwind(AssertUnwindSafe(|| {
            fail::fail_point!("bulk-copy");
            let school = self.school(&chosen.candidate.get().school)?;
            let annotations = self.source.annotations(&chosen.script)?;
            let subject = Subject {
                exam: self.source.exam(),
                school: school.get(),
                candidate: chosen.candidate.get(),
                script: chosen.script.get(),
                annotations: annotations.get(),
                renderable_at: chosen.at,
            };
            draw(&subject, desk)
        }));
        made.unwrap_or_else(|_| {
            // Half drawn: nothing of it goes into the next copy.
            *desk = Desk::default();
            Err(CopyFault::Panic)
        })
    }

    /// Makes the edition of a row once more, into `rope`: the one that was planned, and no other.
    pub fn again(
        &self,
        row: &Row,
        profile: Profile,
        desk: &mut Desk,
        rope: &mut Rope,
    ) -> Result<(), CopyFault> {
        let chosen = match choose(self.source, &Selection::default(), row.place) {
            Choice::Copy(chosen) if chosen.number() == row.number => chosen,
            _ => return Err(CopyFault::Changed),
        };
        self.edition(profile, &chosen, desk, |made| {
            if !row.is_of(made) {
                return Err(CopyFault::Changed);
            }
            std::mem::swap(made, rope);
            Ok(())
        })
    }

    fn school(&self, uai: &str) -> Result<Record<School>, CopyFault> {
        let mut schools = self.schools.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(school) = schools.get(uai) {
            return Ok(school.clone());
        }
        let school = self.source.school(uai)?.ok_or(CopyFault::Gone { what: "school" })?;
        schools.insert(uai.to_owned(), school.clone());
        Ok(school)
    }
}
