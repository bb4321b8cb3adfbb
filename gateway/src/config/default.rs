//! The lowest layer: `config.example.toml`, compiled in. What documents the keys also defines them, so they cannot differ.

use portcullis_filters::document::{self, DocumentError};

use super::document::Document;

/// The example at the root of the project.
pub const EXAMPLE: &str = include_str!("../../../config.example.toml");

/// Its single tables. Its site and its dataset are an example: nobody wants a site that he did not name.
pub(super) fn layer() -> Result<Document, DocumentError> {
    let example: Document = document::read(EXAMPLE, "config.example.toml")?;
    Ok(Document { site: Vec::new(), dataset: Vec::new(), ..example })
}
