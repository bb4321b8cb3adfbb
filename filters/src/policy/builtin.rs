//! Policies that come with the executable: start points for a site's own.

/// Full name and text of each built-in policy, every version ever released, the newest of a name last.
pub const BUILTINS: &[(&str, &str)] = &[
    ("retail@1", include_str!("../../policies/retail.toml")),
    ("pharmacy@1", include_str!("../../policies/pharmacy.toml")),
    ("retail-consent@1", include_str!("../../policies/retail-consent.toml")),
    ("pharmacy-consent@1", include_str!("../../policies/pharmacy-consent.toml")),
    ("hospital@1", include_str!("../../policies/hospital.toml")),
    ("hospital@2", include_str!("../../policies/hospital-2.toml")),
];

pub(super) fn find(name: &str) -> Option<(&'static str, &'static str)> {
    let newest_of = |full: &str| full.split_once('@').is_some_and(|(bare, _)| bare == name);
    BUILTINS.iter().rev().find(|(full, _)| *full == name || newest_of(full)).copied()
}
