//! The pages of the exam office, the coordinator and the schools: French, made on the server, working without
//! scripts. A page shows what the API says of the same thing, and a form does what the API does.

mod account;
mod accounts;
mod acts_told;
mod closing;
mod consultations;
mod copies;
mod correction;
mod dashboard;
mod exam;
mod frame;
mod harmonisation;
mod help;
mod journal;
mod overlay;
mod settings;
mod settings_of_all;
mod sign_in;
mod trial;
mod viewer;
mod words;

pub(crate) use account::{act as change_account, show as account};
pub(crate) use accounts::{create as create_account, show as accounts};
pub(crate) use closing::{launch, show as closing};
pub(crate) use consultations::show as consultations;
pub(crate) use copies::show as copies;
pub(crate) use correction::correct as correct_mark;
pub(crate) use dashboard::show as dashboard;
pub(crate) use exam::{accept, show as exam};
pub(crate) use frame::{problem, redirect};
pub(crate) use harmonisation::{act as harmonise, show as harmonisation};
pub(crate) use help::{follow, help, icon, search_script, style, viewer_script};
pub(crate) use journal::{show as journal, show_accounts as journal_of_accounts};
pub(crate) use settings::{change as change_settings, show as settings};
pub(crate) use settings_of_all::show as settings_of_all;
pub(crate) use sign_in::{change_password, show as show_sign_in, show_password, sign_in, sign_out};
pub(crate) use trial::show as trial;
pub(crate) use viewer::show as viewer;
