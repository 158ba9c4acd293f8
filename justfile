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

# What Andon takes, how fast, on every database that is there (docs/performance.md); some 20 minutes.
bench *args:
    cargo bench --bench load -- {{args}}

# Kills Andon under load, again and again, and looks whether anything was lost: `just kill sqlite 200`.
kill database="" times="20":
    ANDON_KILLS={{times}} cargo test --release --test kill -- --nocapture {{database}}

# Sends through a provider on a bad day, with kills, and looks what became of each message: `just fault sqlite 10000 10`.
fault database="" deliveries="10000" kills="10":
    ANDON_FAULT_DELIVERIES={{deliveries}} ANDON_KILLS={{kills}} cargo test --release --test kill -- --nocapture --include-ignored --test-threads 1 a_provider_on_a_bad_day::{{database}}

# Everything to try Andon with: a data folder of its own, demo records, a phone in the browser.
demo *args:
    cargo run --release -- demo {{args}}

# Looks for what breaks a promise, in so many seconds for each target (see CONTRIBUTING.md).
fuzz seconds="60" *args:
    ANDON_FUZZ_SEED="${ANDON_FUZZ_SEED:-$(date +%s)}" ANDON_FUZZ_SECONDS={{seconds}} cargo test --test fuzz -- {{args}}

# Holds the program against its contract, as everybody: `just contract ADMIN` as an admin only (see CONTRIBUTING.md).
contract *args:
    tests/contract/run {{args}}

# Has Twilio's own library and pywa read what the simulator sends and answers.
providers:
    tests/providers/run
