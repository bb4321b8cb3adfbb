//! Where we give another value than one of the sources, whom we follow, and why.

use Follows::{Node, ParamBuilder, Python, Rule};

/// Whose value ours is.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Follows {
    /// Meta's documented rule, where no library's value is ours.
    Rule,
    /// Meta's Python SDK.
    Python,
    /// Meta's Node SDK.
    Node,
    /// Meta's parameter builder.
    ParamBuilder,
}

/// What we give for one input on which the sources disagree, or all disagree with us.
#[derive(Debug)]
pub(crate) struct Decision {
    pub(crate) field: &'static str,
    pub(crate) input: &'static str,
    pub(crate) ours: Option<&'static str>,
    pub(crate) follows: Follows,
    pub(crate) why: &'static str,
}

const fn on(
    field: &'static str,
    input: &'static str,
    ours: Option<&'static str>,
    follows: Follows,
    why: &'static str,
) -> Decision {
    Decision { field, input, ours, follows, why }
}

const FOREIGN: &str = "an MD5, or 32 digits that pass for one; the rule takes SHA-256 only, the libraries let it through";
const DIGEST_SUFFIX: &str = "a SHA-256 with the suffix of the parameter builder, which only that library knows";
const DIGEST_SPACE: &str = "a SHA-256 between spaces, which only the pixel does not trim";
const NOT_AN_ADDRESS: &str = "Python takes anything with an @ and a dot; the hash could match nobody";
const MAIL_LETTERS: &str = "the rule excludes no alphabet; the others refuse all but ASCII";
const DOCS_PHONE: &str =
    "words are no phone; the author of the example added the country code, which nobody can know from this input";
const PHONE_SCRIPT: &str = "the rule says digits; the libraries keep those of another script or lose them";
const PHONE_SHORT: &str = "too short to be a phone; the parameter builder hashes it";
const PHONE_LETTERS: &str = "an extension or letters; the others glue digits together that are not the number";
const PHONE_DIGITS: &str = "the rule says digits without leading zeros; Node leaves some in, Python refuses dots";
const PUNCTUATION: &str =
    "the rule says no punctuation; the SDKs leave it, and spaces in names, where the pixel sends neither";
const CURLY: &str = "the rule says no punctuation and not ASCII punctuation; the libraries leave the curly mark";
const DATE_READ: &str = "the SDKs hash the text as it stands; the example of the docs is read, month first";
const DATE_UNREADABLE: &str = "words, missing zeros and two-digit years are guesses; the SDKs hash the text as it stands";
const DATE_NOT_REAL: &str = "no such day; all libraries hash it";
const GENDER_WORD: &str = "English words for the two values; the SDKs or the pixel do not map them";
const NO_GENDER: &str = "not one of the English words; the pixel hashes the raw text, Node drops a dot";
const CITY_LETTERS: &str = "the rule allows UTF-8; the parameter builder keeps a to z only and loses the rest";
const CITY_DIGITS: &str = "a digit in a city is a postcode that slipped in; the parameter builder keeps it";
const STATE_NOTHING: &str = "nothing remains; the SDKs send the hash of nothing, the pixel that of the raw text";
const STATE_NOT_CUT: &str =
    "not of the US or Canada; the parameter builder cuts to two letters or to a state that it is not";
const STATE_NAME: &str = "the rule wants the code of a US state or Canadian province; the SDKs do not map names";
const STATE_CODE: &str = "the postal code, as for every state; the SDKs do not map it and the parameter builder cuts";
const ZIP_SHORT: &str = "one character is no postcode; Python and the pixel send it";
const ZIP_PLUS_4: &str = "five digits of a US ZIP code; the libraries cut at a dash only";
const ZIP_MARK: &str = "the postal mark is not part of the code; the libraries leave it";
const ZIP_SPACE: &str = "the rule says no space; the parameter builder leaves it inside";
const COUNTRY_NAME: &str = "the example of the docs is a name; the SDKs refuse every name and alpha-3 code";
const COUNTRY_PUNCTUATION: &str = "dots in an abbreviation say nothing; Node refuses them";
const COUNTRY_NOT_CUT: &str =
    "the rule wants the ISO code; the SDKs refuse the name, the parameter builder cuts it to two letters";
const NOT_ISO: &str = "ISO 3166 has no such code; the parameter builder lets any two letters through";
const NOT_LATIN: &str = "the table holds names in Latin letters; the pixel hashes the raw text";
const ID_HASHED: &str = "the SDKs send the id in clear; we always hash, in the form that the browser hashes";
const DAY: &str = "no day at all; Node writes a zero before it and hashes that";
const CURRENCY_CASE: &str = "Meta's documentation and ISO 4217 write capitals, as Node's SDK does; Python's lowers them";
const NO_CURRENCY: &str = "the code for no currency at all, which is no amount of money; the SDKs let it through";
const UNKNOWN_CURRENCY: &str = "ISO 4217 has no such code; Python's SDK counts the letters only";

/// In the order of the fields; within one, of the inputs.
#[rustfmt::skip]
pub(crate) const DECISIONS: &[Decision] = &[
    on("em", " 62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f ", Some("62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f"), ParamBuilder, DIGEST_SPACE),
    on("em", "62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f.AQ", Some("62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f"), ParamBuilder, DIGEST_SUFFIX),
    on("em", "62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f.AQQCAQMC", Some("62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f"), ParamBuilder, DIGEST_SUFFIX),
    on("em", "D41D8CD98F00B204E9800998ECF8427E", None, Rule, FOREIGN),
    on("em", "Name <name@example.com>", None, Node, NOT_AN_ADDRESS),
    on("em", "\"quoted\"@example.com", None, Node, NOT_AN_ADDRESS),
    on("em", "d41d8cd98f00b204e9800998ecf8427e", None, Rule, FOREIGN),
    on("em", "jürgen@münchen.de", Some("jürgen@münchen.de"), Python, MAIL_LETTERS),
    on("em", "mailto:name@example.com", None, Node, NOT_AN_ADDRESS),
    on("em", "name @example.com", None, Node, NOT_AN_ADDRESS),
    on("em", "name@EXAMPLE.com.", None, Node, NOT_AN_ADDRESS),
    on("em", "two@at@example.com", None, Node, NOT_AN_ADDRESS),
    on("em", "İstanbul@example.com", Some("i\u{307}stanbul@example.com"), Python, MAIL_LETTERS),
    on("em", "用户@例子.公司", Some("用户@例子.公司"), Python, MAIL_LETTERS),
    on("ph", "+1 650 555 1212;ext=5", None, Python, PHONE_LETTERS),
    on("ph", "+1-650-555-1212 ext. 9", None, Python, PHONE_LETTERS),
    on("ph", "+1６５０５５５１２１２", Some("16505551212"), Rule, PHONE_SCRIPT),
    on("ph", "000441234567890", Some("441234567890"), ParamBuilder, PHONE_DIGITS),
    on("ph", "1-800-FLOWERS", None, Python, PHONE_LETTERS),
    on("ph", "12345", None, Python, PHONE_SHORT),
    on("ph", "12345678901234567890123456789012", None, Rule, FOREIGN),
    on("ph", "650.555.1212", Some("6505551212"), ParamBuilder, PHONE_DIGITS),
    on("ph", "US phone number (650)555-1212", None, Rule, DOCS_PHONE),
    on("ph", "tel:+16505551212", None, Python, PHONE_LETTERS),
    on("ph", "٠١٢٣٤٥٦٧٨٩", Some("123456789"), Rule, PHONE_SCRIPT),
    on("fn", "Anne Marie", Some("annemarie"), ParamBuilder, PUNCTUATION),
    on("fn", "D'Arcy", Some("darcy"), ParamBuilder, PUNCTUATION),
    on("fn", "J.", Some("j"), ParamBuilder, PUNCTUATION),
    on("fn", "Jean-Luc", Some("jeanluc"), ParamBuilder, PUNCTUATION),
    on("fn", "MARÍA JOSÉ", Some("maríajosé"), ParamBuilder, PUNCTUATION),
    on("fn", "Mc-Donald Jr.", Some("mcdonaldjr"), ParamBuilder, PUNCTUATION),
    on("fn", "O’Neil", Some("oneil"), Rule, CURLY),
    on("fn", "deadbeefdeadbeefdeadbeefdeadbeef", None, Rule, FOREIGN),
    on("ln", "García López", Some("garcíalópez"), ParamBuilder, PUNCTUATION),
    on("ln", "O'Brien", Some("obrien"), ParamBuilder, PUNCTUATION),
    on("ln", "Smith-Jones", Some("smithjones"), ParamBuilder, PUNCTUATION),
    on("ln", "St. John", Some("stjohn"), ParamBuilder, PUNCTUATION),
    on("ln", "de la Cruz, Jr.", Some("delacruzjr"), ParamBuilder, PUNCTUATION),
    on("ln", "van der Berg", Some("vanderberg"), ParamBuilder, PUNCTUATION),
    on("db", "00000000", None, Rule, DATE_NOT_REAL),
    on("db", "02/16/1997", Some("19970216"), ParamBuilder, DATE_READ),
    on("db", "03/04/1990", Some("19900304"), ParamBuilder, DATE_READ),
    on("db", "12/31/1985", Some("19851231"), ParamBuilder, DATE_READ),
    on("db", "16 Feb 1997", None, ParamBuilder, DATE_UNREADABLE),
    on("db", "16.02.1997", Some("19970216"), ParamBuilder, DATE_READ),
    on("db", "16/02/1997", Some("19970216"), ParamBuilder, DATE_READ),
    on("db", "1990-4-3", Some("19900403"), ParamBuilder, DATE_READ),
    on("db", "1997-02-16", Some("19970216"), ParamBuilder, DATE_READ),
    on("db", "1997-02-16T00:00:00Z", Some("19970216"), ParamBuilder, DATE_READ),
    on("db", "1997/02/16", Some("19970216"), ParamBuilder, DATE_READ),
    on("db", "19970230", None, Rule, DATE_NOT_REAL),
    on("db", "1997216", None, ParamBuilder, DATE_UNREADABLE),
    on("db", "2/16/1997", Some("19970216"), ParamBuilder, DATE_READ),
    on("db", "2/16/97", None, ParamBuilder, DATE_UNREADABLE),
    on("db", "31/12/1985", Some("19851231"), ParamBuilder, DATE_READ),
    on("db", "970216", None, ParamBuilder, DATE_UNREADABLE),
    on("db", "February 16, 1997", None, ParamBuilder, DATE_UNREADABLE),
    on("ge", " Woman ", Some("f"), ParamBuilder, GENDER_WORD),
    on("ge", "0", None, ParamBuilder, NO_GENDER),
    on("ge", "F", Some("f"), ParamBuilder, GENDER_WORD),
    on("ge", "Female", Some("f"), ParamBuilder, GENDER_WORD),
    on("ge", "Frau", None, ParamBuilder, NO_GENDER),
    on("ge", "M", Some("m"), ParamBuilder, GENDER_WORD),
    on("ge", "Mr", Some("m"), ParamBuilder, GENDER_WORD),
    on("ge", "Mrs", Some("f"), ParamBuilder, GENDER_WORD),
    on("ge", "diverse", None, ParamBuilder, NO_GENDER),
    on("ge", "femme", None, ParamBuilder, NO_GENDER),
    on("ge", "girl", Some("f"), ParamBuilder, GENDER_WORD),
    on("ge", "male", Some("m"), ParamBuilder, GENDER_WORD),
    on("ge", "male.", None, ParamBuilder, NO_GENDER),
    on("ge", "man", Some("m"), ParamBuilder, GENDER_WORD),
    on("ge", "non-binary", None, ParamBuilder, NO_GENDER),
    on("ge", "other", None, ParamBuilder, NO_GENDER),
    on("ge", "u", None, ParamBuilder, NO_GENDER),
    on("ge", "weiblich", None, ParamBuilder, NO_GENDER),
    on("ge", "x", None, ParamBuilder, NO_GENDER),
    on("ct", "'s-Hertogenbosch", Some("shertogenbosch"), ParamBuilder, PUNCTUATION),
    on("ct", "Al-Qāhirah (Cairo)", Some("alqāhirahcairo"), Python, CITY_LETTERS),
    on("ct", "Kraków", Some("kraków"), Python, CITY_LETTERS),
    on("ct", "L'Aquila", Some("laquila"), ParamBuilder, PUNCTUATION),
    on("ct", "Los Angeles 90001", Some("losangeles"), Python, CITY_DIGITS),
    on("ct", "Saint-Étienne", Some("saintétienne"), Python, CITY_LETTERS),
    on("ct", "St. John's", Some("stjohns"), ParamBuilder, PUNCTUATION),
    on("ct", "São Paulo", Some("sãopaulo"), Python, CITY_LETTERS),
    on("ct", "Winchester, VA", Some("winchesterva"), ParamBuilder, PUNCTUATION),
    on("ct", "Zürich", Some("zürich"), Python, CITY_LETTERS),
    on("ct", "Île-de-France", Some("îledefrance"), Python, CITY_LETTERS),
    on("ct", "ИРКУТСК", Some("иркутск"), Python, CITY_LETTERS),
    on("ct", "Москва", Some("москва"), Python, CITY_LETTERS),
    on("ct", "東京", Some("東京"), Python, CITY_LETTERS),
    on("st", "12", None, ParamBuilder, STATE_NOTHING),
    on("st", "Bayern", Some("bayern"), Python, STATE_NOT_CUT),
    on("st", "California", Some("ca"), ParamBuilder, STATE_NAME),
    on("st", "District of Columbia", Some("dc"), Rule, STATE_CODE),
    on("st", "Greater London", Some("greaterlondon"), Python, STATE_NOT_CUT),
    on("st", "Kansas City", Some("kansascity"), Python, STATE_NOT_CUT),
    on("st", "NSW", Some("nsw"), Python, STATE_NOT_CUT),
    on("st", "New South Wales", Some("newsouthwales"), Python, STATE_NOT_CUT),
    on("st", "New York", Some("ny"), ParamBuilder, STATE_NAME),
    on("st", "Newfoundland and Labrador", Some("nl"), ParamBuilder, STATE_NAME),
    on("st", "North Carolina", Some("nc"), ParamBuilder, STATE_NAME),
    on("st", "Ontario", Some("on"), ParamBuilder, STATE_NAME),
    on("st", "Puerto Rico", Some("pr"), Rule, STATE_CODE),
    on("st", "Punjab", Some("punjab"), Python, STATE_NOT_CUT),
    on("st", "Québec", Some("qc"), Rule, STATE_CODE),
    on("st", "São Paulo", Some("sãopaulo"), Python, STATE_NOT_CUT),
    on("st", "Texas", Some("tx"), ParamBuilder, STATE_NAME),
    on("st", "Virginia", Some("va"), ParamBuilder, STATE_NAME),
    on("st", "Washington State", Some("wa"), ParamBuilder, STATE_NAME),
    on("st", "West Virginia", Some("wv"), ParamBuilder, STATE_NAME),
    on("st", "california ", Some("ca"), ParamBuilder, STATE_NAME),
    on("st", "Île-de-France", Some("îledefrance"), Python, STATE_NOT_CUT),
    on("st", "東京都", Some("東京都"), Python, STATE_NOT_CUT),
    on("zp", "0", None, ParamBuilder, ZIP_SHORT),
    on("zp", "1012 AB", Some("1012ab"), Python, ZIP_SPACE),
    on("zp", "110 00", Some("11000"), Python, ZIP_SPACE),
    on("zp", "94035 1234", Some("94035"), Rule, ZIP_PLUS_4),
    on("zp", "940351234", Some("94035"), Rule, ZIP_PLUS_4),
    on("zp", "BT1 5GS", Some("bt15gs"), Python, ZIP_SPACE),
    on("zp", "D-10115", None, ParamBuilder, ZIP_SHORT),
    on("zp", "EC1A 1BB", Some("ec1a1bb"), Python, ZIP_SPACE),
    on("zp", "K1A 0B1", Some("k1a0b1"), Python, ZIP_SPACE),
    on("zp", "M1 1AE", Some("m11ae"), Python, ZIP_SPACE),
    on("zp", "SW1A 1AA", Some("sw1a1aa"), Python, ZIP_SPACE),
    on("zp", "〒100-0001", Some("100"), Rule, ZIP_MARK),
    on("country", "Brasil", Some("br"), ParamBuilder, COUNTRY_NAME),
    on("country", "Czech Republic", Some("cz"), ParamBuilder, COUNTRY_NAME),
    on("country", "Czechia", Some("cz"), ParamBuilder, COUNTRY_NAME),
    on("country", "Côte d’Ivoire", Some("ci"), Rule, COUNTRY_NOT_CUT),
    on("country", "Deutschland", Some("de"), ParamBuilder, COUNTRY_NAME),
    on("country", "England", Some("gb"), Rule, COUNTRY_NOT_CUT),
    on("country", "España", Some("es"), ParamBuilder, COUNTRY_NAME),
    on("country", "France", Some("fr"), ParamBuilder, COUNTRY_NAME),
    on("country", "Germany", Some("de"), ParamBuilder, COUNTRY_NAME),
    on("country", "Great Britain", Some("gb"), Rule, COUNTRY_NOT_CUT),
    on("country", "IND", Some("in"), ParamBuilder, COUNTRY_NAME),
    on("country", "India", Some("in"), ParamBuilder, COUNTRY_NAME),
    on("country", "Ivory Coast", Some("ci"), ParamBuilder, COUNTRY_NAME),
    on("country", "Japan", Some("jp"), ParamBuilder, COUNTRY_NAME),
    on("country", "Korea", Some("kr"), Rule, COUNTRY_NOT_CUT),
    on("country", "Republic of Korea", Some("kr"), Rule, COUNTRY_NOT_CUT),
    on("country", "Russia", Some("ru"), ParamBuilder, COUNTRY_NAME),
    on("country", "Schweiz", Some("ch"), Rule, COUNTRY_NOT_CUT),
    on("country", "South Korea", Some("kr"), ParamBuilder, COUNTRY_NAME),
    on("country", "Spain", Some("es"), ParamBuilder, COUNTRY_NAME),
    on("country", "Switzerland", Some("ch"), ParamBuilder, COUNTRY_NAME),
    on("country", "The Netherlands", Some("nl"), ParamBuilder, COUNTRY_NAME),
    on("country", "Turkey", Some("tr"), ParamBuilder, COUNTRY_NAME),
    on("country", "Türkiye", Some("tr"), ParamBuilder, COUNTRY_NAME),
    on("country", "U.S.", Some("us"), Python, COUNTRY_PUNCTUATION),
    on("country", "UK", Some("gb"), Rule, COUNTRY_NOT_CUT),
    on("country", "USA", Some("us"), ParamBuilder, COUNTRY_NAME),
    on("country", "United Kingdom", Some("gb"), ParamBuilder, COUNTRY_NAME),
    on("country", "United States of America", Some("us"), ParamBuilder, COUNTRY_NAME),
    on("country", "United States", Some("us"), ParamBuilder, COUNTRY_NAME),
    on("country", "Viet Nam", Some("vn"), ParamBuilder, COUNTRY_NAME),
    on("country", "XX", None, Python, NOT_ISO),
    on("country", "eu", None, Python, NOT_ISO),
    on("country", "日本", None, ParamBuilder, NOT_LATIN),
    on("external_id", "  abc  ", Some("abc"), ParamBuilder, ID_HASHED),
    on("external_id", "12345", Some("12345"), ParamBuilder, ID_HASHED),
    on("external_id", "62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f", Some("62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f"), ParamBuilder, ID_HASHED),
    on("external_id", "MRN-0012345", Some("mrn-0012345"), ParamBuilder, ID_HASHED),
    on("external_id", "User 42", Some("user42"), ParamBuilder, ID_HASHED),
    on("external_id", "user-42", Some("user-42"), ParamBuilder, ID_HASHED),
    on("external_id", "user@example.com", Some("user@example.com"), ParamBuilder, ID_HASHED),
    on("external_id", "ÄÖÜ", Some("äöü"), ParamBuilder, ID_HASHED),
    on("dobd", "x", None, Python, DAY),
    on("custom_data.currency", "USD", Some("USD"), Node, CURRENCY_CASE),
    on("custom_data.currency", "usd", Some("USD"), Node, CURRENCY_CASE),
    on("custom_data.currency", " EUR ", Some("EUR"), Node, CURRENCY_CASE),
    on("custom_data.currency", "XXX", None, Rule, NO_CURRENCY),
    on("custom_data.currency", "zzz", None, Node, UNKNOWN_CURRENCY),
];
