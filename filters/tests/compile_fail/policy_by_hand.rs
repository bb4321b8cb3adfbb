//! A policy is compiled or there is none.
use portcullis_filters::policy::Policy;

fn main() {
    let _: Policy = Default::default();
    let _ = serde_json::from_str::<Policy>("{}");
}

fn opened(policy: &mut Policy) {
    policy.fields[0] = policy.fields[1];
}

fn copied(policy: &Policy) -> Policy {
    policy.clone()
}
