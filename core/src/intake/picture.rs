//! A page as a picture for a browser: painted in a decoding process.

use std::io;

use super::worker::Decoder;
use super::worker::protocol::{Reply, Request};
use crate::model::Damage;

/// Paints the only page of a PDF of ours, upright, `width` x `height` pixels: a PNG file. The bytes are asked for
/// once a decoding process is free, so that no more of them are in memory than processes run.
///
/// # Errors
/// When the bytes cannot be had or no decoding process can be started; [`Damage`] when they cannot be painted
/// within the decoder's limits.
pub fn picture(
    pdf: impl FnOnce() -> io::Result<Vec<u8>>,
    width: u32,
    height: u32,
    decoder: &Decoder,
) -> io::Result<Result<Vec<u8>, Damage>> {
    let mut turn = decoder.turn();
    let pdf = pdf()?;
    let answer = turn.ask(|| Request::Show { width, height }, &[&pdf])?;
    Ok(answer.and_then(|(reply, mut attached)| match (reply, attached.pop()) {
        (Reply::Shown, Some(png)) => Ok(png),
        _ => Err(Damage {
            code: "DEC-001".to_owned(),
            detail: "the decoder answered another question".to_owned(),
        }),
    }))
}
