//! What is a catalogue and what is not. Errors name line and rule, and nothing that stands in the file.

use portcullis_filters::catalog::{Catalog, CatalogError, CatalogReader, Class};
use proptest::prelude::*;

use super::common::catalog;

#[test]
fn quotes_line_ends_marks_and_empty_lines_are_read_as_spreadsheets_write_them() {
    for csv in [
        "id,class\nA-1,neutral\nb.2,sensitive\nC_3,prescription\n",
        "id,class\r\nA-1,neutral\r\nb.2,sensitive\r\nC_3,prescription",
        "\u{feff}id,class\nA-1,neutral\n\n\nb.2,sensitive\n\r\nC_3,prescription\n\n",
        "\"id\",\"class\"\n\"A-1\",\"neutral\"\n\"b.2\",sensitive\nC_3,\"prescription\"\n",
        // The same row twice says nothing new.
        "id,class\nA-1,neutral\nb.2,sensitive\nC_3,prescription\nA-1,neutral\n",
    ] {
        for piece in [1, 2, 3, 7, csv.len()] {
            let read = in_pieces(csv.as_bytes(), piece).unwrap_or_else(|error| panic!("{csv:?} by {piece}: {error}"));
            assert_eq!(read.classify("A-1"), Some(Class::Neutral), "{csv:?}");
            assert_eq!(read.classify("b.2"), Some(Class::Sensitive), "{csv:?}");
            assert_eq!(read.classify("C_3"), Some(Class::Prescription), "{csv:?}");
            for other in ["a-1", "B.2", "C_3 ", "id", "", "\"A-1\""] {
                assert_eq!(read.classify(other), None, "{other:?}");
            }
            assert_eq!(read.counts().total(), 3, "{csv:?}");
        }
    }
}

#[test]
fn what_is_wrong_is_said_by_line_and_rule_and_never_by_what_stands_there() {
    let long = format!("id,class\n{},neutral\n", "s".repeat(65));
    let digest = format!("id,class\n{},neutral\n", "5e".repeat(32));
    let endless = format!("id,class\nA,neutral\n\"secret,neutral\n{}", "B,neutral\n".repeat(50));
    let cases: &[(&str, &str)] = &[
        ("", "line 1: must be the header `id,class`, with a comma between the two"),
        ("secret,neutral\n", "line 1: must be the header"),
        ("id;class\nsecret;neutral\n", "line 1: must be the header"),
        ("id,class,secret\nA,neutral,1\n", "line 1: must be the header"),
        ("ID,Class\nA,neutral\n", "line 1: must be the header"),
        ("id,class\n", "has no row"),
        ("id,class\n\n\n", "has no row"),
        ("id,class\nA,neutral\nsecret\n", "line 3: must have two columns, the id and its class"),
        ("id,class\nA,neutral\nsecret,neutral,x\n", "line 3: must have two columns"),
        ("id,class\nA,neutral\nsecret,neutral,x,y,z\n", "line 3: must have two columns"),
        ("id,class\r\nA,neutral\r\n\r\nsecret,secret\r\n", "line 4: the class must be neutral, sensitive or prescription"),
        ("id,class\nsecret,Neutral\n", "line 2: the class must be"),
        ("id,class\nsecret, neutral\n", "line 2: the class must be"),
        ("id,class\nsecret,", "line 2: the class must be"),
        ("id,class\n,neutral\n", "line 2: the id is empty"),
        ("id,class\nA,neutral\n\n\nse cret,neutral\n", "line 5: the id must be 1 to 64 of A-Z a-z 0-9 . _ -"),
        ("id,class\nsecret/1,neutral", "line 2: the id must be"),
        ("id,class\ns\u{e9}cret,neutral\n", "line 2: the id must be"),
        (&long, "line 2: the id must be"),
        (&digest, "line 2: the id must be"),
        (
            "id,class\nsecret,neutral\nA,neutral\nsecret,sensitive\n",
            "line 4: an earlier line gives the same id another class",
        ),
        (&endless, "line "),
    ];
    for (csv, wanted) in cases {
        for piece in [1, 5, csv.len().max(1)] {
            let told = in_pieces(csv.as_bytes(), piece).expect_err(csv).to_string();
            assert!(told.starts_with(wanted), "{csv:?} by {piece}\n says {told}\n wanted {wanted}");
            assert!(!told.contains("secret"), "{told}");
        }
    }
    assert!(catalog(&endless).unwrap_err().to_string().contains("a closing quote may be missing"));
}

#[test]
fn a_file_in_another_encoding_is_told() {
    assert_eq!(in_pieces(b"id,class\ns\xe9cret,neutral\n", 4).unwrap_err(), CatalogError::NotUtf8 { line: 2 });
    let utf_16: Vec<u8> = "\u{feff}id,class\nA,neutral\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(in_pieces(&utf_16, 512).unwrap_err(), CatalogError::NotUtf8 { line: 1 });
}

#[test]
fn a_file_that_is_too_large_is_not_read_to_its_end() {
    let mut reader = CatalogReader::default();
    reader.read(b"id,class\nA,neutral\n").unwrap();
    assert_eq!(reader.read(&vec![0; 128 * 1024 * 1024]), Err(CatalogError::TooLarge));
}

proptest! {
    #[test]
    fn bytes_of_every_kind_are_read_alike_in_every_piece_and_harm_nobody(
        rows in proptest::collection::vec("[A-Za-z0-9,\"\r\n ;.\u{feff}é-]{0,40}|[A-C]{1,2},(neutral|sensitive)", 0..12),
        tail in proptest::collection::vec(any::<u8>(), 0..4),
        piece in 1_usize..40,
    ) {
        let mut csv = format!("id,class\n{}", rows.join("\n")).into_bytes();
        csv.extend(tail);
        let told = |size: usize| in_pieces(&csv, size).map(|catalog| (catalog.counts(), catalog.sha256()));
        prop_assert_eq!(told(piece), told(csv.len()));
    }
}

/// Reads a text in pieces of so many bytes.
fn in_pieces(csv: &[u8], size: usize) -> Result<Catalog, CatalogError> {
    let mut reader = CatalogReader::default();
    for piece in csv.chunks(size) {
        reader.read(piece)?;
    }
    reader.finish()
}
