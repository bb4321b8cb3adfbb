//! The page on which it happened. Its class drops the event, or says with which path the URL leaves. Nothing else of a
//! URL ever leaves: no port, no user, no query, no fragment, no path of the caller's.

use super::{Halt, Pass, Stage};
use crate::event::{Leaving, Value};
use crate::page::{self, Page};
use crate::policy::{self, FieldAction, Moment, Narrowed, PageAction, Verdict};
use crate::report::{Change, DropReason, Reason, StageName};
use crate::schema::Field;

pub(crate) struct Pages;

impl Stage for Pages {
    const NAME: StageName = StageName::Pages;

    fn apply(pass: &mut Pass<'_>) -> Result<(), Halt> {
        let url = pass.raw.get(Field::EventSourceUrl).and_then(Value::text);
        let page = url.and_then(page::read);
        let path = match &page {
            Some(page) => class(pass, page)?,
            None if pass.facts.action_source == "website" && pass.policy.pages.no_url == PageAction::DropEvent => {
                return Err(Halt::Drop(DropReason::NoUrl));
            }
            None => "/",
        };
        // The class is known now, and with it all that rules look at; no URL is written before.
        pass.facts.narrowed = narrowed(pass);
        event_source_url(pass, page.as_ref(), path);
        referrer_url(pass);
        Ok(())
    }
}

/// Notes the class of the page, and gives the path with which its URL leaves.
fn class<'a>(pass: &mut Pass<'a>, page: &Page<'_>) -> Result<&'a str, Halt> {
    let policy: &'a _ = pass.policy;
    let verdict = policy.pages.decide(page);
    let (Verdict::Drop { class } | Verdict::Leave { class, .. }) = verdict;
    pass.facts.page_class = class;
    match verdict {
        Verdict::Leave { path, .. } => Ok(path),
        Verdict::Drop { .. } => Err(Halt::Drop(DropReason::Page)),
    }
}

/// What `[[narrow]]` and the laws that apply take away from this event.
fn narrowed(pass: &Pass<'_>) -> Narrowed {
    let class = pass.facts.page_class;
    let moment = Moment {
        event: pass.facts.name,
        is_page: &|page| class == Some(page),
        action_source: pass.facts.action_source,
        dataset: pass.context.dataset,
    };
    policy::removed(&pass.policy.narrow, &moment).union(&pass.facts.consent.removed)
}

/// Whether a URL may leave; if a rule takes it away, the stage after this one counts it.
fn leaves(pass: &Pass<'_>, field: Field) -> bool {
    pass.policy.action(field) == FieldAction::Page && !pass.facts.narrowed.contains(field)
}

fn event_source_url<'a>(pass: &mut Pass<'a>, page: Option<&Page<'a>>, path: &str) {
    const FIELD: Field = Field::EventSourceUrl;
    let own = page.and_then(|page| own_host(pass, page));
    pass.facts.fbclid = page.filter(|_| own.is_some()).and_then(|page| page.fbclid);
    if !leaves(pass, FIELD) {
        return;
    }
    if let Some(host) = own {
        pass.out.put(FIELD, url(host, path));
        return pass.report.change(FIELD, Change::Reduced);
    }
    let reason = if page.is_some() { Reason::ForeignHost } else { Reason::Shape };
    pass.remove(Pages::NAME, FIELD, reason, u32::from(pass.raw.get(FIELD).is_some()));
    // A website event needs an address; events of other sources only keep the one that they came with.
    if (page.is_some() || pass.facts.action_source == "website")
        && let Some(host) = pass.policy.hosts.first()
    {
        pass.out.put(FIELD, url(host, "/"));
        pass.report.change(FIELD, Change::Rewritten);
    }
}

/// The referrer leaves only if it is a page of the site's own that may leave, and then as that page would.
fn referrer_url(pass: &mut Pass<'_>) {
    const FIELD: Field = Field::ReferrerUrl;
    let Some(came) = pass.raw.get(FIELD) else { return };
    if !leaves(pass, FIELD) {
        return;
    }
    let Some(page) = came.text().and_then(page::read) else {
        return pass.remove(Pages::NAME, FIELD, Reason::Shape, 1);
    };
    let Some(host) = own_host(pass, &page) else {
        return pass.remove(Pages::NAME, FIELD, Reason::ForeignHost, 1);
    };
    match pass.policy.pages.decide(&page) {
        Verdict::Drop { .. } => pass.remove(Pages::NAME, FIELD, Reason::PageClass, 1),
        Verdict::Leave { path, .. } => {
            pass.out.put(FIELD, url(host, path));
            pass.report.change(FIELD, Change::Reduced);
        }
    }
}

fn own_host<'a>(pass: &Pass<'a>, page: &Page<'_>) -> Option<&'a str> {
    let policy: &'a _ = pass.policy;
    policy.hosts.iter().find(|host| host.as_ref() == page.host).map(AsRef::as_ref)
}

/// Host and path are literals of configuration and policy.
fn url(host: &str, path: &str) -> Leaving<'static> {
    Leaving::Text(["https://", host, path].concat().into())
}
