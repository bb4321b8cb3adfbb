//! What partners say about which advertisement an earlier event is owed to.

use super::{Shape, closed, may};
use crate::simulator::form::{Form, TEXT};

use Form::{Number, Object, Share, Text, Whole, Words};

/// The event that an attribution belongs to.
pub(super) static ORIGINAL_EVENT_DATA: Shape = closed(&[
    may("event_name", Text(&TEXT)),
    may("event_time", Whole),
    may("order_id", Text(&TEXT)),
    may("event_id", Text(&TEXT)),
]);

/// The attribution.
pub(super) static ATTRIBUTION_DATA: Shape = closed(&[
    may("scope", Text(&TEXT)),
    may("visit_time", Whole),
    may("ad_id", Text(&TEXT)),
    may("adset_id", Text(&TEXT)),
    may("campaign_id", Text(&TEXT)),
    may("attribution_share", Share),
    may("attribution_model", Words(MODELS)),
    may("attr_window", Whole),
    may("attribution_value", Number),
    may("attribution_source", Text(&TEXT)),
    may("touchpoint_type", Text(&TEXT)),
    may("touchpoint_ts", Whole),
    may("attribution_method", Words(METHODS)),
    may("decline_reason", Words(DECLINE_REASONS)),
    may("auditing_token", Text(&TEXT)),
    may("linkage_key", Text(&TEXT)),
    may("touchpoint_id", Text(&TEXT)),
    may("attribution_setting", Object(&ATTRIBUTION_SETTING)),
    may("total_credit", Number),
    may("partner_client_id", Text(&TEXT)),
]);

static ATTRIBUTION_SETTING: Shape =
    closed(&[may("inactivity_window_hours", Whole), may("reattribution_window_hours", Whole)]);

static MODELS: &[&str] = &[
    "customized_multi_touch",
    "first_touch",
    "last_click",
    "last_touch",
    "linear",
    "position_based",
    "time_decay",
    "unknown",
];

static METHODS: &[&str] = &["ard", "deeplink", "gpir", "invalid_response", "mir", "srn"];

static DECLINE_REASONS: &[&str] = &[
    "attribute_to_other_source",
    "out_of_lookback_window",
    "view_through_disabled",
    "within_inactive_window",
    "inactive",
    "fraud_detected",
    "unknown",
    "reinstall_attribution_disabled",
    "lookback",
    "not_pmod_match",
    "validation_rule_detected",
    "preload_install",
    "min_time_between_re_engagements",
    "duplicated",
    "pmod_disabled",
];
