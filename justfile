# The list of recipes.
default:
    @just --list

# Exactly what CI runs.
check:
    cargo fmt --check
    cargo clippy --all-targets -- -D warnings
    cargo deny check bans licenses sources
    cargo test

# All tests, on every database that is there.
test *args:
    cargo test {{args}}

# Everything to try Andon with: a data folder of its own, demo records, a phone in the browser.
demo *args:
    cargo run --release -- demo {{args}}
