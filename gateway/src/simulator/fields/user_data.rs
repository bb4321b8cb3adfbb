//! Who the person is: hashed, or as it is, as Meta says for each member.

use super::{Shape, closed, may};
use crate::simulator::form::{ADDRESS, COOKIE, Form, HASH, NOT_HASHED, TEXT, UUID};

use Form::{Digits, OneOrMore, Text};

pub(super) static USER_DATA: Shape = closed(&[
    may("em", OneOrMore(&HASH)),
    may("ph", OneOrMore(&HASH)),
    may("fn", OneOrMore(&HASH)),
    may("ln", OneOrMore(&HASH)),
    may("db", OneOrMore(&HASH)),
    may("ge", OneOrMore(&HASH)),
    may("ct", OneOrMore(&HASH)),
    may("st", OneOrMore(&HASH)),
    may("zp", OneOrMore(&HASH)),
    may("country", OneOrMore(&HASH)),
    may("f5first", OneOrMore(&HASH)),
    may("f5last", OneOrMore(&HASH)),
    may("fi", OneOrMore(&HASH)),
    may("dobd", OneOrMore(&HASH)),
    may("dobm", OneOrMore(&HASH)),
    may("doby", OneOrMore(&HASH)),
    may("app_user_id", OneOrMore(&HASH)),
    // Names of the page on offline events; the short ones are what libraries send.
    may("email", OneOrMore(&HASH)),
    may("phone", OneOrMore(&HASH)),
    may("gen", OneOrMore(&HASH)),
    may("zip", OneOrMore(&HASH)),
    // Hashing is advised here, and no library of Meta's does it.
    may("external_id", OneOrMore(&TEXT)),
    may("client_ip_address", Text(&ADDRESS)),
    may("client_user_agent", Text(&NOT_HASHED)),
    may("fbc", Text(&COOKIE)),
    may("fbp", Text(&COOKIE)),
    may("subscription_id", Text(&NOT_HASHED)),
    may("fb_login_id", Digits(1, 20)),
    may("lead_id", Digits(15, 17)),
    // Of apps.
    may("anon_id", Text(&NOT_HASHED)),
    may("madid", Text(&UUID)),
    // Of messaging.
    may("page_id", Digits(1, 20)),
    may("page_scoped_user_id", Digits(1, 20)),
    may("ctwa_clid", Text(&NOT_HASHED)),
    may("ig_account_id", Digits(1, 20)),
    may("ig_sid", Text(&NOT_HASHED)),
    may("whatsapp_business_account_id", Digits(1, 20)),
    may("instagram_business_account_id", Digits(1, 20)),
    // Of partners that hold an identity envelope.
    may("partner_id", Text(&NOT_HASHED)),
    may("partner_name", Text(&TEXT)),
]);
