//! Nor kept longer than the request that it came in.
use portcullis_filters::event::RawEvent;

fn main() {
    let kept: RawEvent<'static>;
    {
        let request = String::from("{}");
        kept = RawEvent::parse(&request).unwrap();
    }
    let _ = kept;
}
