//! The ways round the filter that the compiler refuses, each with its message.

#[test]
fn the_compiler_refuses_every_way_round() {
    trybuild::TestCases::new().compile_fail("tests/compile_fail/*.rs");
}
