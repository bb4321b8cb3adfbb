//! The dispatcher against an outbox in memory and a scripted Meta, in time that does not pass by itself.

mod bisection;
mod delivery;
mod gate;
mod pace;
mod reload;
mod stop;
mod suppression;

use std::collections::HashSet;
use std::time::Duration;

use portcullis_filters::policy::Policy;

use super::classify::FaultKind;
use super::rig::{BAD_TOKEN, BUSY, REFUSED, Rig, STOP_GRACE, SUCCESS, Step};
use super::testing::{NOW_SECS, policy, sanitized, sanitized_at};
use super::*;
use crate::config::OnPolicyChange;
