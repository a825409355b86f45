//! A real decoding process for tests: this very test program, started again to run one "test".

use std::ffi::OsString;
use std::time::Duration;

use super::{Decoder, DecoderOptions};

const NAME: &str = "intake::worker::testing::decode_worker";
const ASKED_FOR: &str = "serve-decode-worker";

/// A decoder with a real process behind it.
pub(crate) fn decoder() -> Decoder {
    decoder_with(DecoderOptions { deadline: Duration::from_secs(60), ..DecoderOptions::default() })
}

/// A decoder with a real process behind it and limits of one's own.
pub(crate) fn decoder_with(options: DecoderOptions) -> Decoder {
    let program = std::env::current_exe().expect("a test program knows where it is");
    let args = [NAME, ASKED_FOR, "--exact", "--nocapture", "--test-threads=1"];
    Decoder::new(program, args.map(OsString::from).to_vec(), options)
}

/// Serves when started by [`decoder`]; among the other tests there is nothing to do.
#[test]
fn decode_worker() {
    if std::env::args().any(|argument| argument == ASKED_FOR) {
        super::run();
    }
}
