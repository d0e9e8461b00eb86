//! How far is it to the node closest to a target, in a network of 10,000? Ask them:
//!
//! ```text
//! cargo run --release -p devp2p-core --example lookup_simulation -- --seed 1
//! ```
//!
//! | option | default | |
//! |---|---|---|
//! | `--seed` | 1 | the same seed gives the same figures |
//! | `--nodes` | 10000 | how many nodes there are |
//! | `--lookups` | 1000 | how many lookups are made, each by another node |
//! | `--loss` | 0 | how many of 100 datagrams are lost |
//! | `--join` | | nodes begin with one bootnode instead of a filled table; slow for many nodes |

#![allow(clippy::print_stdout, reason = "printing is what it is for")]

#[path = "../../tests/network/mod.rs"]
mod network;
mod simulation;

use std::env;
use std::process::ExitCode;
use std::str::FromStr;

use simulation::{Settings, Tables, report, run};

fn main() -> ExitCode {
    match read_settings(env::args().skip(1)) {
        Ok(settings) => {
            eprintln!("{} nodes look for each other: this may take half a minute.", settings.nodes);
            print!("{}", report(&settings, &run(&settings)));
            ExitCode::SUCCESS
        }
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::FAILURE
        }
    }
}

fn read_settings(mut args: impl Iterator<Item = String>) -> Result<Settings, String> {
    let mut settings =
        Settings { seed: 1, nodes: 10_000, lookups: 1000, loss: 0.0, tables: Tables::Filled };
    while let Some(option) = args.next() {
        match option.as_str() {
            "--seed" => settings.seed = number(&option, args.next())?,
            "--nodes" => settings.nodes = number(&option, args.next())?,
            "--lookups" => settings.lookups = number(&option, args.next())?,
            "--loss" => settings.loss = number::<f64>(&option, args.next())? / 100.0,
            "--join" => settings.tables = Tables::Joined,
            _ => return Err(format!("there is no option {option}: see the top of main.rs")),
        }
    }
    if !(0.0..=1.0).contains(&settings.loss) {
        return Err("--loss is a number from 0 to 100".to_owned());
    }
    Ok(settings)
}

fn number<T: FromStr>(option: &str, value: Option<String>) -> Result<T, String> {
    let number = value.and_then(|value| value.parse().ok());
    number.ok_or_else(|| format!("{option} needs a number, as in {option} 1"))
}
