//! The configuration as an operator meets it: a text, an environment, and what comes of them.

mod certificate;
mod digest;
mod environment;
mod example;
mod json_schema;
mod redis;
mod relations;
mod reload;
mod secrets;
mod typos;

use std::path::Path;

use super::{Config, Environment};

/// Keys and tokens of the tests. No error and no `Debug` may hold a piece of them.
const KEY: &str = "pcs_canary_KEY_0123456789abcdefghijklmnop";
const TOKEN: &str = "EAAcanaryTOKEN0123456789";

/// The environment that the example asks for.
fn environment() -> Environment {
    with(&[])
}

/// The same with more variables.
fn with(more: &[(&str, &str)]) -> Environment {
    let wanted = [("PORTCULLIS_SHOP_KEY", KEY), ("META_TOKEN_SHOP", TOKEN)];
    Environment::of(wanted.iter().chain(more).copied())
}

/// A configuration of a site and a dataset, with `tables` before them.
fn text(tables: &str) -> String {
    format!(
        "{tables}\n[[site]]\nid = 'shop'\npolicy = 'retail@1'\ndatasets = ['1']\nhosts = ['www.shop.example']\n\
         keys = [{{ env = 'PORTCULLIS_SHOP_KEY' }}]\n[[dataset]]\nid = '1'\naccess_token = {{ env = 'META_TOKEN_SHOP' }}\n"
    )
}

fn load(text: &str) -> Config {
    Config::parse(text, Path::new("etc/portcullis.toml"), &environment()).unwrap()
}

fn error(text: &str) -> String {
    error_in(text, &environment())
}

fn error_in(text: &str, environment: &Environment) -> String {
    let error = Config::parse(text, Path::new("etc/portcullis.toml"), environment).unwrap_err();
    for shown in [error.to_string(), format!("{error:?}")] {
        assert!(!shown.to_lowercase().contains("canary"), "a secret is shown: {shown}");
    }
    error.to_string()
}
