//! What leaves under the built-in policies, and what does not.

mod common;

use common::{HOSTS, event, forwarded, purchase, run, with};
use portcullis_filters::pipeline::Outcome;
use portcullis_filters::report::DropReason;

#[test]
fn smoke() {
    let out = run("retail", &purchase());
    println!("{out:?}");
    let out = run("pharmacy", &purchase());
    println!("{out:?}");
    let _ = (
        HOSTS,
        event as fn(&str) -> String,
        forwarded as fn(&str, &str) -> String,
        with as fn(&str, &str, &str) -> String,
        DropReason::Page,
        |o: Outcome| o,
    );
}
