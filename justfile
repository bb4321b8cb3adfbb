# Short names for what is done often. Nothing here is needed: each recipe is one command.

# Lists the recipes.
default:
    @just --list

# Everything that a change must pass.
check:
    .ci/run

# Every test; installs what the tests need first. Arguments go to `cargo test`.
test *arguments:
    tests/run -- {{ arguments }}

# Every linter, no test.
lint:
    .ci/run --lint-only

# Formats the sources.
fmt:
    cargo fmt --all

# What an event costs: CPU time and allocations, beside a plain parse of the same bytes.
bench:
    cargo bench --package portcullis-filters
    cargo bench --package portcullis --bench suppression

# What an event costs the whole gateway under load, beside a server that only parses. Arguments go to the program.
load *arguments:
    cargo run --release --package portcullis-tests --bin load -- {{ arguments }}

# Everything that can break, under load, judged by what was promised. Arguments go to the program.
faults *arguments:
    cargo run --package portcullis-tests --bin faults -- {{ arguments }}

# Builds the image with podman and runs it, judged by what it promises. Wants root.
image:
    tests/container/smoke

# Shows the whole way of events, with a simulator in place of Meta.
demo:
    cargo run --release -- demo

# The suites against the executable as it is shipped, with a full outage and more kills.
test-release:
    cargo build --release --locked
    PORTCULLIS_BIN="$PWD/target/release/portcullis" PORTCULLIS_OUTAGE_SECS=60 PORTCULLIS_KILLS=50 tests/run -- --package portcullis-tests
