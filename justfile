# Every recipe is one plain cargo command, so nothing here is lost without just.

# A newer form exists, but the just that distributions carry cannot read it yet.
set windows-shell := ["powershell.exe", "-NoLogo", "-Command"]

# Show this list
default:
    @just --list --unsorted

# Run a lesson: `just lesson a2`, with its own options behind; without a name: list them
lesson name="" *args:
    @cargo lesson {{ name }} {{ args }}

# Check your own program: `just exercise a2`, with options behind; without a name: list them
exercise name="" *args:
    @cargo exercise {{ name }} {{ args }}

# Run all tests that need nothing but Rust
test:
    cargo test --locked

# Run the tests against foreign clients (needs a new Rust, Go, Node and npm)
interop:
    cargo workshop interop

# Measure how fast it is beside go-ethereum, in one run of a few minutes (needs Go)
bench *args:
    cargo run --release --package bench --locked -- {{ args }}

# The same with Keccak in assembly
bench-asm *args:
    cargo run --release --package bench --locked --features asm -- {{ args }}

# Measure JSON-RPC beside go-ethereum and jsonrpsee, the same (needs Go)
bench-rpc *args:
    cargo run --release --package bench --locked -- rpc {{ args }}

# Let a fuzzer search for inputs that break the RPC crate: `just fuzz stream 60` (needs a nightly Rust and cargo-fuzz)
fuzz target seconds="60":
    cd crates/devp2p-rpc && cargo +nightly fuzz run {{ target }} -- -max_total_time={{ seconds }} -dict=fuzz/json.dict

# Look whether this computer can run the lessons, and what to do if not
doctor:
    cargo workshop doctor

# Check everything a contribution must pass
check:
    cargo workshop check

# Build the book and open it
book:
    cargo workshop book

# Build the documentation of the code and open it
doc:
    cargo doc --workspace --no-deps --locked --open

# Show a teacher how far each learner is: a node, and live pages
hub *args:
    cargo workshop hub {{ args }}

# Put all that a room without a network needs into a folder
kit folder:
    cargo workshop kit {{ folder }}
