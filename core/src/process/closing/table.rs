//! The table of DOMAIN, *Closing a one-off exam*: what a launch does.

use crate::journal::Target;
use crate::store::Standing;

/// What a launch does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Answers are open: these targets are asked first what they hold, then the launch is looked at again.
    Settle(Vec<Target>),
    /// These targets are sent to.
    Send(Vec<Target>),
    /// Both have accepted everything, and nobody asked to send it again.
    NothingLeft,
    /// Published, and the closing is done: it is final.
    Final,
    /// Published, and the closing is not done: the marks go by hand.
    ByHand,
}

/// Decides from what is known of the last export to each target (none when nothing was ever sent),
/// whether Cyclades has published, whether the closing is done, and whether everything is to be sent
/// again.
pub fn decide(
    cyclades: Option<Standing>,
    imagin: Option<Standing>,
    published: bool,
    done: bool,
    again: bool,
) -> Decision {
    let standings = [(Target::Cyclades, cyclades), (Target::Imagin, imagin)];
    let of = |which: &dyn Fn(Option<Standing>) -> bool| -> Vec<Target> {
        standings.iter().filter(|(_, standing)| which(*standing)).map(|(target, _)| *target).collect()
    };
    let unsettled = of(&|standing| standing == Some(Standing::Unsettled));
    if !unsettled.is_empty() {
        return Decision::Settle(unsettled);
    }
    match (published, done) {
        (true, true) => return Decision::Final,
        (true, false) => return Decision::ByHand,
        (false, _) => {}
    }
    let sent = of(&|standing| again || standing != Some(Standing::Whole));
    if sent.is_empty() { Decision::NothingLeft } else { Decision::Send(sent) }
}

#[cfg(test)]
mod tests {
    use Standing::{Failed, Partly, Unsettled, Whole};
    use Target::{Cyclades, Imagin};

    use super::*;

    const ANY: [Option<Standing>; 4] = [None, Some(Failed), Some(Partly { rejected: 3 }), Some(Whole)];

    #[test]
    fn not_sent_not_sent_is_not_done_and_the_first_launch_sends_both() {
        for again in [false, true] {
            assert_eq!(decide(None, None, false, false, again), Decision::Send(vec![Cyclades, Imagin]));
        }
    }

    #[test]
    fn failed_any_is_not_done_and_a_relaunch_sends_the_failed_ones() {
        for cyclades in [Failed, Partly { rejected: 1 }] {
            for imagin in [None, Some(Failed), Some(Partly { rejected: 1 })] {
                let decision = decide(Some(cyclades), imagin, false, false, false);
                assert_eq!(decision, Decision::Send(vec![Cyclades, Imagin]));
            }
            let decision = decide(Some(cyclades), Some(Whole), false, false, false);
            assert_eq!(decision, Decision::Send(vec![Cyclades]));
        }
    }

    #[test]
    fn ok_failed_is_done_imagin_in_failure_and_a_relaunch_sends_imagin() {
        for imagin in [None, Some(Failed), Some(Partly { rejected: 1 })] {
            assert_eq!(decide(Some(Whole), imagin, false, true, false), Decision::Send(vec![Imagin]));
        }
    }

    #[test]
    fn ok_ok_is_done_and_a_relaunch_sends_both_again_in_full_when_asked_to() {
        assert_eq!(decide(Some(Whole), Some(Whole), false, true, false), Decision::NothingLeft);
        assert_eq!(
            decide(Some(Whole), Some(Whole), false, true, true),
            Decision::Send(vec![Cyclades, Imagin])
        );
    }

    #[test]
    fn answer_unknown_any_is_being_settled_and_first_asks_the_target_what_it_holds() {
        for other in ANY {
            for (published, again) in [(false, false), (false, true), (true, false), (true, true)] {
                let decision = decide(Some(Unsettled), other, published, false, again);
                assert_eq!(decision, Decision::Settle(vec![Cyclades]));
                let decision = decide(other, Some(Unsettled), published, false, again);
                assert_eq!(decision, Decision::Settle(vec![Imagin]));
            }
        }
        let decision = decide(Some(Unsettled), Some(Unsettled), false, false, false);
        assert_eq!(decision, Decision::Settle(vec![Cyclades, Imagin]));
    }

    #[test]
    fn ok_published_is_done_final_and_a_relaunch_is_refused() {
        for imagin in ANY {
            for again in [false, true] {
                assert_eq!(decide(Some(Whole), imagin, true, true, again), Decision::Final);
            }
        }
    }

    #[test]
    fn failed_or_never_sent_published_is_not_done_and_a_relaunch_is_refused() {
        for cyclades in [None, Some(Failed), Some(Partly { rejected: 2 })] {
            for imagin in ANY {
                for again in [false, true] {
                    assert_eq!(decide(cyclades, imagin, true, false, again), Decision::ByHand);
                }
            }
        }
    }
}
