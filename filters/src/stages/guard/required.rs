//! What Meta requires of an event, checked on what is left of it: Meta refuses a whole batch for one event that lacks something.

use crate::event::{Leaving, Outgoing};
use crate::schema::{Field, FieldSet, Section};

/// Of which events Meta requires something.
#[derive(Clone, Copy)]
enum Of {
    All,
    /// Those of this action source.
    Source(&'static str),
    /// Those of this name.
    Name(&'static str),
    /// Those that came by this messenger.
    Channel(&'static str),
    /// What became of a lead, as a system that keeps leads tells it.
    Lead,
}

/// What Meta requires: of each group of fields, one.
static RULES: &[(Of, &[&[Field]])] = &[
    // Without its id Meta could not recognise a repeat.
    (Of::All, &[&[Field::EventName], &[Field::EventTime], &[Field::EventId], &[Field::ActionSource]]),
    (Of::Source("website"), &[&[Field::EventSourceUrl]]),
    (Of::Source("app"), &[&[Field::AppAdvertiserTrackingEnabled], &[Field::ApplicationTrackingEnabled], &[Field::ExtInfo]]),
    (Of::Source("business_messaging"), &[&[Field::MessagingChannel]]),
    (Of::Channel("whatsapp"), &[&[Field::PageId, Field::WhatsappBusinessAccountId], &[Field::CtwaClid]]),
    (Of::Channel("messenger"), &[&[Field::PageId], &[Field::PageScopedUserId]]),
    (Of::Channel("instagram"), &[&[Field::IgAccountId, Field::InstagramBusinessAccountId], &[Field::IgSid]]),
    (Of::Name("Purchase"), &[&[Field::Value], &[Field::Currency]]),
    (Of::Name("AppendAttribution"), &[&[Field::OriginalEventName], &[Field::OriginalEventId, Field::OriginalOrderId]]),
    (Of::Lead, &[&[Field::LeadEventSource]]),
];

impl Of {
    fn holds(self, out: &Outgoing<'_>) -> bool {
        let is = |field, word| matches!(out.get(field), Some(Leaving::Text(text)) if text == word);
        match self {
            Self::All => true,
            Self::Source(source) => is(Field::ActionSource, source),
            Self::Name(name) => is(Field::EventName, name),
            Self::Channel(channel) => is(Field::ActionSource, "business_messaging") && is(Field::MessagingChannel, channel),
            Self::Lead => is(Field::ActionSource, "system_generated") && is(Field::EventSource, "crm"),
        }
    }
}

/// The first field that Meta requires of an event and that is not there; where one of several will do, the first of them.
pub(super) fn missing(out: &Outgoing<'_>) -> Option<Field> {
    let groups = RULES.iter().filter(|(of, _)| of.holds(out)).flat_map(|(_, groups)| *groups);
    let mut missing = groups.filter(|group| group.iter().all(|field| out.get(*field).is_none()));
    missing.next().and_then(|group| group.first().copied())
}

/// Whether what identifies the person is enough for Meta. It refuses an event (subcode 2804050) whose `user_data` holds nothing
/// but fields of one of these sets; Meta's documentation lists them. `gen` and `zip` are other names of two of them.
pub(super) fn is_sufficient(out: &Outgoing<'_>) -> bool {
    use Field::{
        BirthDate, City, ClientUserAgent, Country, FirstName, Gender, GenderAlias, LastName, Postcode, PostcodeAlias, State,
    };
    static INSUFFICIENT: [FieldSet; 4] = [
        FieldSet::of(&[City, Country, State, Postcode, PostcodeAlias, Gender, GenderAlias, ClientUserAgent]),
        FieldSet::of(&[BirthDate, ClientUserAgent]),
        FieldSet::of(&[FirstName, Gender, GenderAlias]),
        FieldSet::of(&[LastName, Gender, GenderAlias]),
    ];
    let present = out.present().intersection(Section::UserData.fields());
    !INSUFFICIENT.iter().any(|set| present.is_subset(set))
}
