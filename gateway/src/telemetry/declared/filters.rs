//! What the filters took out, changed and found; and which policy decided.

use portcullis_filters::report::{Action, Change, Reason, SignalKind};

use super::{Definition, Kind, Label, SITE, Values, closed, follows, follows_within};

const PLACE: Label = Label { name: "field", values: Values::Places };
const JURISDICTION: Label = Label { name: "jurisdiction", values: Values::Jurisdictions };

/// In the order in which they are read.
pub(super) const METRICS: &[Definition] = &[
    Definition {
        name: "portcullis_fields_removed_total",
        kind: Kind::Counter,
        labels: &[SITE, PLACE, follows_within("action", Action::words), closed("reason", Reason::words)],
        meaning: "Values removed. `field` is a path of the table or of a property that the policy names, a parameter of the \
            request, or `unknown`; `action` is what the policy wanted with it.",
        worry: "A field that used to leave is removed with `shape` or `not_normalizable`: the site changed its format. With the \
            reason of a detector: the site puts persons into ids.",
    },
    Definition {
        name: "portcullis_fields_changed_total",
        kind: Kind::Counter,
        labels: &[SITE, PLACE, closed("action", Change::words)],
        meaning: "Fields whose value was changed: `hashed`, `pseudonymized`, `reduced`, `rounded`, `rewritten`, `restricted` \
            (Limited Data Use was set, or its state written).",
        worry: "`event_id` `rewritten` where the site sends ids: they have not the policy's form, or a detector found a person \
            in them. Meta cannot match them with the pixel's.",
    },
    Definition {
        name: "portcullis_health_signals_total",
        kind: Kind::Counter,
        labels: &[SITE, closed("kind", SignalKind::words)],
        meaning: "What made events speak of health, once for each place and kind of an event.",
        worry: "A jump after a release of the site: something that tells of health is sent, and its events are dropped or lose \
            their goods.",
    },
    Definition {
        name: "portcullis_jurisdiction_events_total",
        kind: Kind::Counter,
        labels: &[SITE, JURISDICTION],
        meaning: "Events to whose person a law applied that the policy lists, once for each law; those that were dropped count \
            too. `jurisdiction` is its name in the policy.",
        worry: "All laws count alike: the site does not say where people live, so the strictest of all is asked of everybody.",
    },
    Definition {
        name: "portcullis_policy_info",
        kind: Kind::Info,
        labels: &[SITE, follows("policy"), follows("version"), follows("digest")],
        meaning: "Which policy a site runs.",
        worry: "The digest is not the one that was reviewed.",
    },
];
