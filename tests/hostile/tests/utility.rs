//! Ordinary events keep what they are worth. `cargo run --release -p portcullis-hostile -- --ordinary --stories` shows the losses.

use portcullis_hostile::Site;
use portcullis_hostile::utility::losses;

const SEED: u64 = 2026;

#[test]
fn fewer_than_one_ordinary_event_of_a_shop_in_two_hundred_loses_something() {
    let losses = losses(Site::Retail, SEED, 20_000);
    println!("{losses}");
    assert!(losses.losing * 200 < losses.events, "{losses}\n{}", losses.stories.join("\n"));
}

#[test]
fn purchases_at_the_front_of_a_drugstore_pass_with_value_time_and_currency_exact() {
    let losses = losses(Site::Pharmacy, SEED, 5_000);
    println!("{losses}");
    assert!(losses.losing * 200 < losses.events, "{losses}\n{}", losses.stories.join("\n"));
}
