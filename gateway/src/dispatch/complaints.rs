//! The lines that a lane could repeat with every lease or event while something is broken.

use crate::telemetry::seldom::Seldom;

/// Each of them, said seldom.
#[derive(Debug, Default)]
pub(crate) struct Complaints {
    /// An event was refused and set aside.
    pub(crate) set_aside: Seldom,
    /// A lease ended before it was settled.
    pub(crate) ended: Seldom,
    /// A lease cannot be settled.
    pub(crate) unsettled: Seldom,
    /// A lease cannot be given back.
    pub(crate) kept: Seldom,
    /// The outbox did not give work.
    pub(crate) no_work: Seldom,
}
