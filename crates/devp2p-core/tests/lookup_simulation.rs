//! The example `lookup_simulation`, in small.

mod network;
#[path = "../examples/lookup_simulation/simulation.rs"]
mod simulation;

use simulation::{Settings, Tables, run};

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
