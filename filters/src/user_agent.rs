//! skel
pub(crate) enum Checked<'a> {
    Kept(&'a str),
    Family(&'static str),
    Unknown,
}
pub(crate) fn check(v: &str) -> Checked<'_> {
    Checked::Kept(v)
}
