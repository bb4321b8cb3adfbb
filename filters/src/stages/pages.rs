//! Stage 4: the page on which it happened. Its class drops the event, or says with which path the URL leaves. Nothing else of a
//! URL ever leaves: no port, no user, no query, no fragment, no path of the caller's.

use super::{Halt, Pass, Stage};
use crate::event::{Leaving, Value};
use crate::page::{self, Page};
use crate::policy::{FieldAction, OnNoUrl, Verdict};
use crate::report::{Change, DropReason, Reason, StageName};
use crate::schema::Field;

pub(crate) struct Pages;

impl Stage for Pages {
    const NAME: StageName = StageName::Pages;

    fn apply(pass: &mut Pass<'_>) -> Result<(), Halt> {
        event_source_url(pass)?;
        referrer_url(pass);
        Ok(())
    }
}

fn event_source_url(pass: &mut Pass<'_>) -> Result<(), Halt> {
    const FIELD: Field = Field::EventSourceUrl;
    let came = pass.raw.get(FIELD);
    let leaves = pass.policy.action(FIELD) == FieldAction::Page;
    let Some(page) = came.and_then(Value::text).and_then(page::read) else {
        if came.is_some() && leaves {
            pass.remove(Pages::NAME, FIELD, Reason::Shape, 1);
        }
        if pass.facts.action_source != "website" {
            return Ok(());
        }
        if pass.policy.pages.no_url == OnNoUrl::DropEvent {
            return Err(Halt::Drop(DropReason::NoUrl));
        }
        if leaves && let Some(host) = pass.policy.hosts.first() {
            pass.out.put(FIELD, url(host, "/"));
            pass.report.change(FIELD, Change::Rewritten);
        }
        return Ok(());
    };
    let Verdict::Leave { path, class } = pass.policy.pages.decide(&page) else {
        return Err(Halt::Drop(DropReason::Page));
    };
    pass.facts.page_class = class;
    match own_host(pass, &page) {
        Some(host) => {
            pass.facts.fbclid = page.fbclid;
            if leaves {
                pass.out.put(FIELD, url(host, path));
                pass.report.change(FIELD, Change::Reduced);
            }
        }
        None if leaves => {
            pass.remove(Pages::NAME, FIELD, Reason::ForeignHost, 1);
            if let Some(host) = pass.policy.hosts.first() {
                pass.out.put(FIELD, url(host, "/"));
                pass.report.change(FIELD, Change::Rewritten);
            }
        }
        None => {}
    }
    Ok(())
}

/// The referrer leaves only if it is a page of the site's own that may leave, and then as that page would.
fn referrer_url(pass: &mut Pass<'_>) {
    const FIELD: Field = Field::ReferrerUrl;
    let Some(came) = pass.raw.get(FIELD) else { return };
    if pass.policy.action(FIELD) != FieldAction::Page {
        return;
    }
    let Some(page) = came.text().and_then(page::read) else {
        return pass.remove(Pages::NAME, FIELD, Reason::Shape, 1);
    };
    let Some(host) = own_host(pass, &page) else {
        return pass.remove(Pages::NAME, FIELD, Reason::ForeignHost, 1);
    };
    match pass.policy.pages.decide(&page) {
        Verdict::Drop => pass.remove(Pages::NAME, FIELD, Reason::PageClass, 1),
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
