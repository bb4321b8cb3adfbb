//! What a pass through the stages did, without a single value.
//!
//! Every word here comes from a closed list, because reports become metric labels and answers to callers. Absent on purpose:
//! values, and the names of unknown keys, which are a caller's text as well.

use std::sync::Arc;

use crate::schema::Field;

/// A closed list of words with the text of each, as used in metrics, answers and `policy explain`.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $( $(#[$variant_doc:meta])* $variant:ident = $word:literal, )* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name { $( $(#[$variant_doc])* $variant, )* }

        impl $name {
            /// Every word of the list.
            pub const ALL: &'static [Self] = &[ $( Self::$variant, )* ];

            /// The same as text, as metrics and answers spell it.
            pub fn words() -> Vec<&'static str> {
                Self::ALL.iter().map(|word| word.as_str()).collect()
            }

            /// The word as metrics and answers spell it.
            pub const fn as_str(self) -> &'static str {
                match self { $( Self::$variant => $word, )* }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

words! {
    /// The stages, in the order in which an event passes them.
    StageName {
        /// Sizes, types and required fields, as they came.
        Shape = "shape",
        /// Consent, Global Privacy Control, residence, suppression.
        Consent = "consent",
        /// The closed lists of event names and of action sources.
        Events = "events",
        /// The classes of pages.
        Pages = "pages",
        /// Signals of health over the whole event.
        Health = "health",
        /// The fields that the policy names.
        Allow = "allow",
        /// Detectors of persons over what is about to leave.
        Pii = "pii",
        /// Hashes and pseudonyms.
        Identity = "identity",
        /// Rounding.
        Coarsen = "coarsen",
        /// The check of the final bytes.
        Guard = "guard",
    }
}

words! {
    /// What the policy wanted with a field from which something was removed.
    Action {
        /// The policy has no line for it.
        None = "none",
        /// Handled without a line in the policy.
        Always = "always",
        /// `keep`
        Keep = "keep",
        /// `hash`
        Hash = "hash",
        /// `pseudonymize`
        Pseudonymize = "pseudonymize",
        /// `page`
        Page = "page",
        /// `catalog`
        Catalog = "catalog",
        /// `round_to`
        RoundTo = "round_to",
        /// `one_of`
        OneOf = "one_of",
        /// `integer`
        Integer = "integer",
        /// `keep_text`
        KeepText = "keep_text",
    }
}

words! {
    /// Why a value was removed.
    Reason {
        /// The policy does not name the field.
        NotAllowed = "not_allowed",
        /// The key is not in the table of fields.
        UnknownKey = "unknown_key",
        /// The value does not fit the field's kind.
        Shape = "shape",
        /// A rule of `[[narrow]]` takes the field away here.
        Narrowed = "narrowed",
        /// A law that applies to the person takes the field away.
        Jurisdiction = "jurisdiction",
        /// Meta's rule for the field gives no normalised form, so there is nothing to hash.
        NotNormalizable = "not_normalizable",
        /// A digest that is not SHA-256.
        ForeignDigest = "foreign_digest",
        /// The SHA-256 of the empty string.
        DigestOfNothing = "digest_of_nothing",
        /// No catalogue says that the id is neutral.
        NotInCatalog = "not_in_catalog",
        /// The host is not one of the site's.
        ForeignHost = "foreign_host",
        /// The page is of a class that does not leave.
        PageClass = "page_class",
        /// The count of a list of goods from which something was removed.
        CountOfRemoved = "count_of_removed",
        /// The policy of today handles the field in another way than the one under which the event was stored.
        PolicyChanged = "policy_changed",
        /// The dataset takes no test events.
        TestEventsOff = "test_events_off",
        /// The event speaks of health, so what could tell of what it spoke goes.
        HealthSignal = "health_signal",
        /// The SHA-256, SHA-1 or MD5 of a term of the health lexicon.
        HealthDigest = "health_digest",
        /// The catalogue calls the article sensitive or a prescription.
        SensitiveGoods = "sensitive_goods",
        /// It is wrapped more deeply, or costs more to look through, than is looked.
        WorkLimit = "work_limit",
        /// A detector found an e-mail address in it.
        Email = "email",
        /// A telephone number.
        Phone = "phone",
        /// A number that a state gives a person: SSN, ITIN, passport, driving licence.
        NationalId = "national_id",
        /// A card, a bank account or a bank.
        Payment = "payment",
        /// A number by which medicine knows a person or a clinician: NPI, DEA, MBI, record, member and prescription numbers.
        HealthId = "health_id",
        /// A day of birth, an age, a sex or what else an intake form asks.
        Intake = "intake",
        /// The time of an appointment.
        Appointment = "appointment",
        /// An IP address.
        IpAddress = "ip_address",
        /// A person's name.
        PersonName = "person_name",
        /// A street address or a postcode with its house.
        StreetAddress = "street_address",
        /// Latitude and longitude.
        Coordinates = "coordinates",
        /// A device or a vehicle.
        DeviceId = "device_id",
        /// A key, a token or a session.
        Credential = "credential",
    }
}

words! {
    /// What made an event speak of health.
    SignalKind {
        /// The name of a drug, a vaccine or a class of them.
        Drug = "drug",
        /// A disease or a symptom.
        Condition = "condition",
        /// A procedure, a test or a device of care.
        Procedure = "procedure",
        /// Reproduction, sexuality, addiction, the mind, identity, or a relation of care.
        Topic = "topic",
        /// Clinicians and departments.
        Specialty = "specialty",
        /// A term that the policy adds.
        AddedTerm = "added_term",
        /// A code of a drug, a diagnosis or a procedure, or the number of a prescription.
        Code = "code",
        /// A key that only events about care have, such as `diagnosis`.
        TellingKey = "telling_key",
        /// The SHA-256, SHA-1 or MD5 of a term.
        Digest = "digest",
        /// An article that the catalogue calls sensitive or a prescription.
        Catalog = "catalog",
    }
}

words! {
    /// How a value was changed.
    Change {
        /// Replaced by its SHA-256.
        Hashed = "hashed",
        /// Replaced by a keyed digest.
        Pseudonymized = "pseudonymized",
        /// A URL was cut to its origin or to a path that the policy writes.
        Reduced = "reduced",
        /// A number was rounded.
        Rounded = "rounded",
        /// Replaced by a value of ours: an event id that had not the form the policy wants, a user agent's family, a renamed event.
        Rewritten = "rewritten",
        /// A restriction was set or made stricter: what Meta may do with the event.
        Restricted = "restricted",
    }
}

words! {
    /// Why an event was dropped. Its caller is answered as if it had been taken.
    DropReason {
        /// The policy asks for consent, and the event does not say that it was given.
        NoConsent = "no_consent",
        /// The person said no, or something that cannot be read.
        ConsentDenied = "consent_denied",
        /// The consent is older than the policy takes, or says no time that could be judged.
        ConsentExpired = "consent_expired",
        /// Global Privacy Control is on.
        GlobalPrivacyControl = "global_privacy_control",
        /// The person must not be sent.
        Suppressed = "suppressed",
        /// The policy does not list the event's name.
        EventNotAllowed = "event_not_allowed",
        /// The policy does not list the event's action source.
        SourceNotAllowed = "source_not_allowed",
        /// The page is of a class that drops, or of no class where the policy drops such pages.
        Page = "page",
        /// A website event came without a usable URL where the policy drops those.
        NoUrl = "no_url",
        /// It speaks of health.
        HealthSignal = "health_signal",
        /// The catalogue does not know an article, and the policy drops such events.
        UnknownGoods = "unknown_goods",
        /// It is wrapped more deeply, or costs more to look through, than is looked.
        WorkLimit = "work_limit",
        /// A field that Meta requires did not survive.
        MissingRequired = "missing_required",
        /// What identifies the person is too little for Meta, which would refuse the whole batch.
        InsufficientUserData = "insufficient_user_data",
        /// The last check found something in the final bytes that has no closed form. Never expected: a defect.
        GuardFailed = "guard_failed",
    }
}

words! {
    /// Why a stored event was withdrawn before it was sent.
    WithdrawReason {
        /// The person must not be sent any more.
        Suppressed = "suppressed",
        /// The policy of today asks for more consent than the one under which the event was stored.
        ConsentUnknown = "consent_unknown",
        /// Its name is not allowed any more.
        EventNotAllowed = "event_not_allowed",
        /// Its action source is not listed any more.
        SourceNotAllowed = "source_not_allowed",
        /// The policy under which it was stored cannot be read.
        UnreadablePolicy = "unreadable_policy",
        /// The stored bytes cannot be read.
        UnreadableEvent = "unreadable_event",
        /// It speaks of health by the terms of today.
        HealthSignal = "health_signal",
        /// It is wrapped more deeply, or costs more to look through, than is looked.
        WorkLimit = "work_limit",
        /// What is left is not enough for Meta.
        MissingRequired = "missing_required",
        /// What identifies the person is too little for Meta.
        InsufficientUserData = "insufficient_user_data",
        /// The last check failed.
        GuardFailed = "guard_failed",
    }
}

/// A place from which something was removed.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Place {
    /// A field of the table.
    Field(Field),
    /// A property of the site's own, by the path that the policy gives it.
    Property(Arc<str>),
    /// A key that is not in the table, at any level.
    Unknown,
    /// A parameter of the request around the events, such as `test_event_code`.
    Envelope(&'static str),
}

impl Place {
    /// The path, or `unknown`. It is never text of a caller.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Field(field) => field.path(),
            Self::Property(path) => path,
            Self::Unknown => "unknown",
            Self::Envelope(name) => name,
        }
    }
}

/// Values that were taken out of an event, all at one place and for one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removal {
    /// Where.
    pub place: Place,
    /// By which stage.
    pub stage: StageName,
    /// What the policy wanted with the field.
    pub action: Action,
    /// Why.
    pub reason: Reason,
    /// How many values.
    pub count: u32,
}

/// Everything that was taken from an event or changed in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    removals: Vec<Removal>,
    changes: Vec<(Field, Change)>,
    signals: Vec<(Place, SignalKind)>,
    missing: Option<Field>,
    jurisdictions: u32,
}

impl Report {
    /// An empty one with room for what an ordinary purchase loses. `default` takes no room: most reports beside those of raw
    /// events stay empty.
    pub(crate) fn with_room() -> Self {
        Self { removals: Vec::with_capacity(12), changes: Vec::with_capacity(12), ..Self::default() }
    }

    /// What was removed, in the order of the stages.
    pub fn removals(&self) -> &[Removal] {
        &self.removals
    }

    /// What was changed, in the order of the stages.
    pub fn changes(&self) -> &[(Field, Change)] {
        &self.changes
    }

    /// What made the event speak of health, and where; never which term.
    pub fn signals(&self) -> &[(Place, SignalKind)] {
        &self.signals
    }

    /// Of an event that was dropped as `missing_required`: the field that Meta requires of it, or the first of those of which it
    /// requires one.
    pub fn missing(&self) -> Option<Field> {
        self.missing
    }

    /// The laws of the policy that applied to the person, by their places in [`Policy::jurisdictions`].
    ///
    /// [`Policy::jurisdictions`]: crate::policy::Policy::jurisdictions
    pub fn jurisdictions(&self) -> impl Iterator<Item = usize> {
        (0..32).filter(|position| self.jurisdictions >> position & 1 == 1)
    }

    /// Notes which laws applied, one bit each.
    pub(crate) fn apply(&mut self, jurisdictions: u32) {
        self.jurisdictions = jurisdictions;
    }

    /// Notes what was missing.
    pub(crate) fn miss(&mut self, field: Field) {
        self.missing = Some(field);
    }

    /// Counts removed values; those of one place and reason are added up.
    pub(crate) fn remove(&mut self, stage: StageName, place: Place, action: Action, reason: Reason, count: u32) {
        if count == 0 {
            return;
        }
        let same = |removal: &&mut Removal| {
            removal.place == place && removal.stage == stage && removal.action == action && removal.reason == reason
        };
        match self.removals.iter_mut().find(same) {
            Some(removal) => removal.count = removal.count.saturating_add(count),
            None => self.removals.push(Removal { place, stage, action, reason, count }),
        }
    }

    /// Notes a signal of health; once a place and kind.
    pub(crate) fn signal(&mut self, place: Place, kind: SignalKind) {
        if !self.signals.iter().any(|(other, known)| *known == kind && *other == place) {
            self.signals.push((place, kind));
        }
    }

    /// Notes that a field's value was changed; once a field and kind of change.
    pub(crate) fn change(&mut self, field: Field, change: Change) {
        if !self.changes.contains(&(field, change)) {
            self.changes.push((field, change));
        }
    }
}
