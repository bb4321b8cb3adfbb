//! What Meta's usage headers say, so that a dataset is slowed before Meta throttles it.
//!
//! Three headers tell how much of a limit is used, in per cent: of the app, of a business, of an ad account. The highest counts.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;

use super::answer::WAIT_CAP;

/// The usage headers of an answer.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct UsageHeaders<'a> {
    /// `X-App-Usage`.
    pub(crate) app: Option<&'a str>,
    /// `X-Business-Use-Case-Usage`: also tells the minutes until access comes back.
    pub(crate) business: Option<&'a str>,
    /// `X-Ad-Account-Usage`.
    pub(crate) account: Option<&'a str>,
}

/// How much of Meta's limits is used.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Usage {
    /// Per cent of the limit that is nearest.
    pub(crate) percent: u8,
    /// How long until Meta takes requests again, if it takes none; no longer than any answer can ask for.
    pub(crate) regain: Option<Duration>,
}

#[derive(Deserialize)]
struct Calls {
    #[serde(default)]
    call_count: f64,
    #[serde(default)]
    total_time: f64,
    #[serde(default)]
    total_cputime: f64,
    /// In minutes.
    #[serde(default)]
    estimated_time_to_regain_access: u64,
}

#[derive(Deserialize)]
struct Account {
    acc_id_util_pct: f64,
}

impl Calls {
    fn percent(&self) -> f64 {
        self.call_count.max(self.total_time).max(self.total_cputime)
    }
}

impl Usage {
    /// Reads the headers; one that cannot be read says nothing. `None` if none says anything.
    pub(crate) fn read(headers: UsageHeaders<'_>) -> Option<Self> {
        let app = headers.app.and_then(|text| serde_json::from_str::<Calls>(text).ok());
        // Meta lists every business that the token acts for; the slowest of them decides.
        let business = headers.business.and_then(|text| serde_json::from_str::<BTreeMap<&str, Vec<Calls>>>(text).ok());
        let account = headers.account.and_then(|text| serde_json::from_str::<Account>(text).ok());
        if app.is_none() && business.is_none() && account.is_none() {
            return None;
        }
        let calls: Vec<Calls> =
            app.into_iter().chain(business.into_iter().flat_map(BTreeMap::into_values).flatten()).collect();
        let minutes = calls.iter().map(|calls| calls.estimated_time_to_regain_access).max().unwrap_or(0);
        let percents = calls.iter().map(Calls::percent).chain(account.map(|account| account.acc_id_util_pct));
        Some(Self {
            percent: whole(percents.fold(0.0, f64::max)),
            // Zero minutes ask for no wait.
            regain: (minutes > 0).then(|| Duration::from_secs(minutes.saturating_mul(60)).min(WAIT_CAP)),
        })
    }
}

/// Per cent above 100 say no more than 100.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is between 0 and 100")]
fn whole(percent: f64) -> u8 {
    percent.clamp(0.0, 100.0).floor() as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUSINESS: &str = r#"{"42":[{"type":"ads_management","call_count":28,"total_cputime":25.5,"total_time":31,"estimated_time_to_regain_access":0}],"43":[{"call_count":7,"estimated_time_to_regain_access":2}]}"#;

    fn percent(app: Option<&str>, business: Option<&str>, account: Option<&str>) -> Option<u8> {
        Usage::read(UsageHeaders { app, business, account }).map(|usage| usage.percent)
    }

    #[test]
    fn the_limit_that_is_nearest_counts() {
        let app = Some(r#"{"call_count":10,"total_time":12,"total_cputime":3}"#);
        let account = Some(r#"{"acc_id_util_pct":67.8,"reset_time_duration":100}"#);
        assert_eq!(percent(app, None, None), Some(12));
        assert_eq!(percent(app, Some(BUSINESS), None), Some(31));
        assert_eq!(percent(app, Some(BUSINESS), account), Some(67));
        assert_eq!(percent(Some(r#"{"call_count":1e300}"#), None, None), Some(100));
    }

    #[test]
    fn the_longest_wait_for_access_counts() {
        let usage = Usage::read(UsageHeaders { business: Some(BUSINESS), ..UsageHeaders::default() }).unwrap();
        assert_eq!(usage.regain, Some(Duration::from_secs(120)));
    }

    #[test]
    fn what_cannot_be_read_says_nothing() {
        assert_eq!(percent(None, None, None), None);
        for text in ["", "nonsense", "[]", r#"{"42":"x"}"#, r#"{"call_count":"many"}"#] {
            assert_eq!(percent(Some(text), None, Some(text)).unwrap_or(0), 0, "{text}");
        }
        assert_eq!(percent(Some("nonsense"), Some(BUSINESS), None), Some(31));
    }
}
