//! The example `lookup_simulation`, in small.

mod network;
#[path = "../examples/lookup_simulation/simulation.rs"]
mod simulation;

use simulation::{Settings, Tables, report, run};

const SMALL: Settings =
    Settings { seed: 1, nodes: 200, lookups: 20, loss: 0.0, tables: Tables::Filled };

#[test]
fn the_same_seed_gives_the_same_figures() {
    assert_eq!(run(&SMALL), run(&SMALL));
    assert_ne!(run(&SMALL), run(&Settings { seed: 2, ..SMALL }));
}

#[test]
fn in_a_small_network_every_lookup_finds_the_closest() {
    let figures = run(&SMALL);
    assert_eq!((figures.found_closest, figures.found_all), (20, 20));
    assert!(figures.questions.iter().all(|asked| *asked >= 16));
}

#[test]
fn nodes_that_joined_by_one_bootnode_find_the_closest_too() {
    let figures = run(&Settings { nodes: 60, tables: Tables::Joined, ..SMALL });
    assert_eq!(figures.found_closest, 20);
}

/// The book shows them.
#[test]
#[ignore = "slow unless optimised: cargo test --release --test lookup_simulation -- --ignored"]
fn the_figures_for_10_000_nodes_are_those_in_the_book() {
    let settings = Settings { nodes: 10_000, lookups: 1000, ..SMALL };
    let expected = include_str!("../examples/lookup_simulation/expected.txt");
    assert_eq!(report(&settings, &run(&settings)), expected);
}
