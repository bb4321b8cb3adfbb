//! Which tokens the stand-in takes.

use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;

use super::answer::Refusal;

/// The tokens it was started with; none at all means that any will do.
#[derive(Debug)]
pub(super) struct Tokens(Vec<(Option<String>, SecretString)>);

impl Tokens {
    pub(super) fn new(tokens: Vec<(Option<String>, SecretString)>) -> Self {
        Self(tokens)
    }

    /// Whether what was shown opens this dataset. Meta's choice between several tokens is not known, so all must agree.
    pub(super) fn check(&self, dataset: &str, shown: &[String]) -> Result<(), Refusal> {
        let Some(first) = shown.first().filter(|first| !first.is_empty() && shown.iter().all(|other| other == *first))
        else {
            return Err(Refusal::token());
        };
        if self.0.is_empty() {
            return Ok(());
        }
        // A dataset's own tokens replace the general ones.
        let own = |(of, _): &&(Option<String>, SecretString)| of.as_deref() == Some(dataset);
        let general = |(of, _): &&(Option<String>, SecretString)| of.is_none();
        let mut valid = self.0.iter().filter(own).peekable();
        if valid.peek().is_some() {
            return opened_by_one(valid, first);
        }
        let mut valid = self.0.iter().filter(general).peekable();
        if valid.peek().is_some() { opened_by_one(valid, first) } else { Err(Refusal::unknown_dataset()) }
    }
}

fn opened_by_one<'a>(
    mut valid: impl Iterator<Item = &'a (Option<String>, SecretString)>,
    shown: &str,
) -> Result<(), Refusal> {
    if valid.any(|(_, token)| bool::from(token.expose_secret().as_bytes().ct_eq(shown.as_bytes()))) {
        Ok(())
    } else {
        Err(Refusal::token())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(list: &[(Option<&str>, &str)]) -> Tokens {
        Tokens::new(list.iter().map(|(of, token)| (of.map(String::from), SecretString::from(*token))).collect())
    }

    fn code(tokens: &Tokens, dataset: &str, shown: &[&str]) -> Option<(u16, u32, u32)> {
        let shown: Vec<String> = shown.iter().map(ToString::to_string).collect();
        tokens.check(dataset, &shown).err().map(|refusal| (refusal.status, refusal.code, refusal.subcode))
    }

    #[test]
    fn without_tokens_any_one_will_do_but_one_must_be_shown() {
        let any = tokens(&[]);
        assert_eq!(code(&any, "1", &["x"]), None);
        assert_eq!(code(&any, "1", &[]), Some((401, 190, 0)));
        assert_eq!(code(&any, "1", &[""]), Some((401, 190, 0)));
    }

    #[test]
    fn another_token_is_refused_and_so_are_two_that_disagree() {
        let one = tokens(&[(None, "good")]);
        assert_eq!(code(&one, "1", &["good", "good"]), None);
        assert_eq!(code(&one, "1", &["bad"]), Some((401, 190, 0)));
        assert_eq!(code(&one, "1", &["good", "bad"]), Some((401, 190, 0)));
    }

    #[test]
    fn a_token_of_one_dataset_opens_no_other() {
        let two = tokens(&[(Some("1"), "one"), (Some("2"), "two")]);
        assert_eq!(code(&two, "1", &["one"]), None);
        assert_eq!(code(&two, "2", &["one"]), Some((401, 190, 0)));
        assert_eq!(code(&two, "3", &["one"]), Some((400, 100, 33)));
    }
}
