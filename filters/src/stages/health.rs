//! Signals of health, over the event as it came. Identity and health never leave together: the event is dropped, or, where the
//! policy says `drop_goods` and something else was bought too, it loses all that tells of goods.
//!
//! Under `drop_goods` the event goes on without `custom_data` but for value and currency, and its page is the origin, if in each
//! list of goods one is left without a signal, or two where a signal stands beside the lists. A signal in what does not go with the
//! goods, such as the page, an id or an unknown key, drops the event all the same. Left to others: what a signal is
//! (`detect::health`), and taking the goods away (`allow`).

mod texts;

use super::{Halt, Pass, Stage};
use crate::catalog::Class;
use crate::detect::WorkLimit;
use crate::event::{Leaving, Value};
use crate::policy::OnSignal;
use crate::report::{DropReason, SignalKind, StageName};
use crate::schema::{Field, Kind, Section};

pub(crate) use texts::{Extent, look};

use texts::{Signal, is_list_of_goods};

pub(crate) struct Health;

impl Stage for Health {
    const NAME: StageName = StageName::Health;

    fn apply(pass: &mut Pass<'_>) -> Result<(), Halt> {
        let mut signals = Vec::new();
        let extent = if pass.policy.scans_whole_events() { Extent::WholeEvent } else { Extent::KeptFields };
        let looked = look(pass.policy, pass.raw, extent, &mut pass.scan, &mut pass.work, &mut signals);
        classify(pass, &mut signals);
        for signal in &signals {
            pass.report.signal(signal.spot.place(), signal.kind);
        }
        let hints = looked.map_err(|WorkLimit| Halt::Drop(DropReason::WorkLimit))?;
        for hint in hints {
            pass.facts.hinted = hint.field().map_or(pass.facts.hinted, |field| pass.facts.hinted.with(field));
        }
        if signals.is_empty() {
            return Ok(());
        }
        let drops = pass.policy.on_signal() == OnSignal::DropEvent || pass.facts.consent.drops_health;
        if drops || !is_spared(pass, &signals) {
            return Err(Halt::Drop(DropReason::HealthSignal));
        }
        pass.facts.goods_go = true;
        cut_to_origin(pass, Field::EventSourceUrl);
        cut_to_origin(pass, Field::ReferrerUrl);
        Ok(())
    }
}

/// What the catalogue says of the goods: sensitive ones and prescriptions are signals.
fn classify<'a>(pass: &Pass<'a>, signals: &mut Vec<Signal<'a>>) {
    if pass.policy.catalog().is_none() {
        return;
    }
    let is_signal = |id: &Value<'_>| {
        let class = id.id_text().and_then(|id| pass.policy.classify(&id));
        class.is_some_and(Class::is_signal)
    };
    let sensitive = texts::ids_of_goods(pass.raw).filter(|(_, id)| is_signal(id));
    signals.extend(sensitive.map(|(spot, _)| Signal { spot, kind: SignalKind::Catalog }));
}

/// Whether what is left of the event may go on without its goods.
fn is_spared(pass: &Pass<'_>, signals: &[Signal<'_>]) -> bool {
    if signals.iter().any(|signal| signal.spot.always_drops()) {
        return false;
    }
    // A signal beside the goods, such as in `content_name`, speaks of one of them, and nobody knows of which.
    let beside = usize::from(signals.iter().any(|signal| signal.spot.in_list().is_none()));
    let mut lists = pass.raw.iter().filter(|(field, value)| is_list_of_goods(*field) && value.count() > 0).peekable();
    lists.peek().is_some() && lists.all(|(list, value)| clean(list, value, signals) > beside)
}

/// How many elements of a list of goods carry no signal.
fn clean(list: Field, value: &Value<'_>, signals: &[Signal<'_>]) -> usize {
    let is_clean = |nth: usize| !signals.iter().any(|signal| signal.spot.in_list() == Some((list, nth)));
    match value {
        // What is no element of goods names none of which something could be known.
        Value::Items(items) => items.iter().enumerate().filter(|(nth, item)| item.is_some() && is_clean(*nth)).count(),
        ids => ids.elements().iter().enumerate().filter(|(nth, id)| id.id_text().is_some() && is_clean(*nth)).count(),
    }
}

/// Whether a field goes with the goods: all that tells what was done, but for the amount.
pub(crate) fn goes_with_goods(field: Field) -> bool {
    let row = field.row();
    match row.section {
        Section::CustomData | Section::StoreData | Section::Mileage | Section::Contents => {
            !matches!(field, Field::Value | Field::Currency)
        }
        Section::OriginalEventData => field == Field::OriginalOrderId,
        Section::AttributionData | Section::AttributionSetting => matches!(row.kind, Kind::Decimal { .. }),
        Section::Event | Section::UserData | Section::AppData => false,
    }
}

/// The path that leaves can say which part of the shop it was.
fn cut_to_origin(pass: &mut Pass<'_>, field: Field) {
    if let Some(Leaving::Text(url)) = pass.out.get_mut(field)
        && let Some(origin) = url.match_indices('/').nth(2).and_then(|(slash, _)| url.get(..=slash))
    {
        *url = origin.to_owned().into();
    }
}
