//! The app in which it happened. What an event of an app needs of it stands in `rules`.

use super::{Shape, closed, may};
use crate::simulator::form::{Form, TEXT};

use Form::{DeviceInfo, Flag, FlagOrBit, Text, Texts};

pub(super) static APP_DATA: Shape = closed(&[
    may("advertiser_tracking_enabled", FlagOrBit),
    may("application_tracking_enabled", FlagOrBit),
    may("extinfo", DeviceInfo),
    may("campaign_ids", Text(&TEXT)),
    may("consider_views", Flag),
    may("include_dwell_data", Flag),
    may("include_video_data", Flag),
    may("install_referrer", Text(&TEXT)),
    may("installer_package", Text(&TEXT)),
    may("receipt_data", Text(&TEXT)),
    may("url_schemes", Texts(&TEXT)),
    may("vendor_id", Text(&TEXT)),
    may("windows_attribution_id", Text(&TEXT)),
]);
