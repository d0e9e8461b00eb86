//! The command line of `cargo exercise`.

/// Prints a line. When nobody reads it any more, as after `| head`, there is nobody to work for.
macro_rules! say {
    ($($what:tt)*) => {
        if std::io::Write::write_fmt(&mut std::io::stdout(), format_args!("{}\n", format_args!($($what)*))).is_err() {
            std::process::exit(1);
        }
    };
}

mod trying;

use std::env;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::thread;
use std::time::{Duration, SystemTime};
use std::{fs, io};

use clap::Parser;
use devp2p_core::enode::Enode;
use exercises::diagnosis::{Broken, FAULTS, Fault, look};
use exercises::exercise::{self, EXERCISES, Exercise};
use exercises::files::Workbench;
use exercises::lesson_diff::lesson_diff;
use exercises::progress::Progress;
use similar::TextDiff;
use trying::{join, leave, try_out};

/// How often a file is looked at: that works on every system, also where changes cannot be told.
const LOOK: Duration = Duration::from_millis(300);

/// Check your own program: a real node sees whether it does what it should
#[derive(Debug, Parser)]
#[command(
    bin_name = "cargo exercise",
    after_help = "\
Example:
  cargo exercise a1   makes lessons/workbench/src/bin/a1.rs, and checks it"
)]
struct Args {
    /// The exercise: a1 to b3. Without one: list them
    #[arg(value_parser = exercise_called)]
    exercise: Option<&'static Exercise>,
    #[command(flatten)]
    what: What,
    /// Let the hub of your teacher check the exercises from now on, and show how far you are; the
    /// line to type is on the hub's page
    #[arg(long, value_name = "HUB", requires = "name", conflicts_with_all = ["exercise", "diff"])]
    join: Option<Enode>,
    /// What you want to be called there: up to 24 letters
    #[arg(long, requires = "join")]
    name: Option<String>,
    /// Leave the room again: your exercises are checked here, as before
    #[arg(long, conflicts_with_all = ["exercise", "diff", "join"])]
    leave: bool,
    /// For `cargo lesson diff`
    #[arg(long, hide = true, num_args = 2, value_names = ["FROM", "TO"])]
    diff: Option<Vec<String>>,
}

#[derive(Debug, clap::Args)]
#[group(multiple = false, requires = "exercise")]
struct What {
    /// Print the task
    #[arg(long)]
    task: bool,
    /// Print the next of three hints
    #[arg(long)]
    hint: bool,
    /// Print a solution
    #[arg(long)]
    solution: bool,
    /// Begin anew; what you have is kept beside it
    #[arg(long)]
    reset: bool,
    /// Check this one and all before it
    #[arg(long)]
    all: bool,
    /// Check again whenever you save the file
    #[arg(long)]
    watch: bool,
    /// Run a node with something wrong, and find out what; each lesson has a few, from 1 on
    #[arg(long = "break", value_name = "NUMBER", value_parser = clap::value_parser!(u8).range(1..))]
    broken: Option<u8>,
    /// For teachers: what is wrong with each of these nodes
    #[arg(long)]
    answers: bool,
    /// Put solutions in place of what is not passed before this one, and go on here
    #[arg(long)]
    catch_up: bool,
}

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Whether all is well.
fn run(args: &Args) -> Result<bool> {
    if let Some([from, to]) = args.diff.as_deref() {
        say!("{}", lesson_diff(&root(), from, to)?.trim_end());
        return Ok(true);
    }
    let bench = Workbench::of(&root());
    if let (Some(hub), Some(name)) = (&args.join, &args.name) {
        return join(&bench, hub, name);
    }
    if args.leave {
        return leave(&bench);
    }
    let Some(exercise) = args.exercise else {
        list(&bench);
        return Ok(true);
    };
    match &args.what {
        What { task: true, .. } => {
            say!("{}: {}\n\n{}", exercise.short, exercise.title, exercise.task);
            Ok(true)
        }
        What { hint: true, .. } => hint(&bench, exercise),
        What { solution: true, .. } => {
            say!("{}", exercise.solution);
            Ok(true)
        }
        What { reset: true, .. } => {
            put(&bench, exercise, exercise.starter)?;
            say!("{} is as it was at the beginning.", shown(&bench.file(exercise)));
            Ok(true)
        }
        What { all: true, .. } => all(&bench, exercise),
        What { watch: true, .. } => watch(&bench, exercise),
        What { broken: Some(number), .. } => diagnose(exercise, usize::from(*number)),
        What { answers: true, .. } => {
            for (number, fault) in (1..).zip(Fault::of(exercise.short)) {
                say!("{number}: {}\n\n{}\n", fault.in_words(), fault.because());
            }
            Ok(true)
        }
        What { catch_up: true, .. } => catch_up(&bench, exercise),
        _ => work_on(&bench, exercise),
    }
}

fn list(bench: &Workbench) {
    let progress = Progress::load(&bench.progress_file());
    say!("Exercises:");
    for exercise in &EXERCISES {
        let state = match (progress.of(exercise).passed, bench.file(exercise).exists()) {
            (true, _) => "passed",
            (false, true) => "begun",
            (false, false) => "",
        };
        say!("  {}  {state:<6}  {}", exercise.short, exercise.title);
    }
    match EXERCISES.iter().find(|exercise| !progress.of(exercise).passed) {
        Some(next) => say!("\nGo on with: cargo exercise {}", next.short),
        None => say!("\nAll are passed."),
    }
}

/// Makes the file if there is none, and checks what is in it.
fn work_on(bench: &Workbench, exercise: &Exercise) -> Result<bool> {
    if bench.make(exercise)? {
        say!("{}: {}\n\n{}", exercise.short, exercise.title, exercise.task);
        say!("Your file: {}", shown(&bench.file(exercise)));
        say!("It is there now, and compiles. This is what I see of it:\n");
    }
    let passed = try_out(bench, exercise)?;
    let mut progress = Progress::load(&bench.progress_file());
    if passed {
        progress.change(exercise).passed = true;
        progress.save(&bench.progress_file())?;
        congratulate(bench, exercise)?;
    } else {
        let short = exercise.short;
        say!("\nYour file: {}", shown(&bench.file(exercise)));
        say!(
            "The task again: cargo exercise {short} --task   a hint: cargo exercise {short} --hint"
        );
    }
    Ok(passed)
}

fn congratulate(bench: &Workbench, exercise: &Exercise) -> Result<()> {
    say!("\nPassed.\n\n{}", exercise.after);
    let yours = fs::read_to_string(bench.file(exercise))?;
    let diff = TextDiff::from_lines(yours.as_str(), exercise.solution);
    let shown = diff.unified_diff().header("yours", "one solution").to_string();
    match shown.is_empty() {
        true => say!("Yours is our solution, line for line."),
        false => say!("From yours to one of many solutions:\n\n{shown}"),
    }
    Ok(())
}

/// Runs a node with something wrong until the learner knows what it is.
fn diagnose(exercise: &Exercise, number: usize) -> Result<bool> {
    let faults = Fault::of(exercise.short);
    let Some(fault) = faults.get(number.saturating_sub(1)) else {
        return Err(format!("{} has the numbers 1 to {}", exercise.short, faults.len()).into());
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let broken = Broken::open(*fault).await?;
        let (place, command) = match broken.socket() {
            Some(path) => (path.display().to_string(), "rpc"),
            None => (broken.enode().to_string(), "ping"),
        };
        say!("Something is wrong with this node. Find out what.\n\n  {place}\n");
        say!(
            "Look at it from a second terminal; the first time, the tool is compiled for a while:\n"
        );
        let method = if fault.is_rpc() { " foo_getFoobar" } else { "" };
        say!("  cargo run -p devp2p-cli -- {command} \"{place}\"{method}\n");
        say!("With --trace behind `{command}` you see every byte.\n");
        say!("What is it? A number, or ? to see how far a client of ours gets.\n");
        for (number, offered) in (1..).zip(offered(*fault)) {
            say!("  {number:>2}  {}", offered.in_words());
        }
        tokio::select! {
            found = question(*fault, &broken) => Ok(found),
            () = broken.run() => Ok(false),
        }
    })
}

/// Among which faults this one is to be found: those of nodes of its kind.
fn offered(fault: Fault) -> Vec<Fault> {
    let all = FAULTS.iter().map(|(offered, _)| *offered);
    all.filter(|offered| offered.is_rpc() == fault.is_rpc()).collect()
}

/// Asks until the answer is right; whether it was before the input ended.
async fn question(fault: Fault, broken: &Broken) -> bool {
    let offered = offered(fault);
    // A thread that waits for a line cannot be stopped; it ends with the program.
    let (sender, mut lines) = tokio::sync::mpsc::unbounded_channel();
    thread::spawn(move || {
        io::stdin().lines().map_while(io::Result::ok).try_for_each(|line| sender.send(line))
    });
    while let Some(line) = lines.recv().await {
        let number = line.trim().parse::<usize>().ok().and_then(|number| number.checked_sub(1));
        match (line.trim(), number.and_then(|number| offered.get(number))) {
            ("?", _) => say!("\n{}", look(broken).await),
            (_, Some(chosen)) if *chosen == fault => {
                say!("\nYes. {}", fault.because());
                return true;
            }
            (_, Some(chosen)) => {
                say!("\nNo. If that were it: {}\n", chosen.because());
            }
            _ => say!("A number from 1 to {}, or ?", offered.len()),
        }
    }
    false
}

fn hint(bench: &Workbench, exercise: &Exercise) -> Result<bool> {
    let mut progress = Progress::load(&bench.progress_file());
    let one = progress.change(exercise);
    let all = exercise.hints.len();
    // The next one; when there is none, all of them.
    let first = if one.hints < all { one.hints } else { 0 };
    let last = one.hints.saturating_add(1);
    for (number, hint) in (1..=all).zip(&exercise.hints).take(last).skip(first) {
        say!("Hint {number} of {all}\n\n{hint}");
    }
    one.hints = one.hints.saturating_add(1).min(exercise.hints.len());
    progress.save(&bench.progress_file())?;
    Ok(true)
}

/// This one and all before it; stops at the first that does not pass any more.
fn all(bench: &Workbench, last: &Exercise) -> Result<bool> {
    for exercise in EXERCISES.iter().take_while(|exercise| exercise.short <= last.short) {
        say!("{}: {}", exercise.short, exercise.title);
        if !bench.file(exercise).exists() {
            say!("  there is no file yet: cargo exercise {}", exercise.short);
            return Ok(false);
        }
        if !try_out(bench, exercise)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Checks whenever the file was saved, until it passes.
fn watch(bench: &Workbench, exercise: &Exercise) -> Result<bool> {
    let file = bench.file(exercise);
    loop {
        let saved = saved_at(&file);
        if work_on(bench, exercise)? {
            return Ok(true);
        }
        say!("\nI look again when you save the file. Ctrl-C ends it.");
        while saved_at(&file) == saved {
            thread::sleep(LOOK);
        }
        say!("");
    }
}

fn saved_at(file: &Path) -> Option<SystemTime> {
    fs::metadata(file).and_then(|metadata| metadata.modified()).ok()
}

/// Whoever has missed something goes on with the others.
fn catch_up(bench: &Workbench, here: &Exercise) -> Result<bool> {
    let mut progress = Progress::load(&bench.progress_file());
    for exercise in EXERCISES.iter().take_while(|exercise| exercise.short < here.short) {
        if !progress.of(exercise).passed {
            put(bench, exercise, exercise.solution)?;
            progress.change(exercise).passed = true;
            say!("{}: a solution is in {}", exercise.short, shown(&bench.file(exercise)));
        }
    }
    fs::create_dir_all(bench.progress_file().parent().unwrap_or(Path::new(".")))?;
    progress.save(&bench.progress_file())?;
    work_on(bench, here)
}

fn put(bench: &Workbench, exercise: &Exercise, text: &str) -> Result<()> {
    if let Some(kept) = bench.replace(exercise, text)? {
        say!("What you had is in {}", shown(&kept));
    }
    Ok(())
}

/// The path as seen from the workspace.
fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

/// The workspace's folder.
fn root() -> PathBuf {
    let here =
        env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    Path::new(&here).ancestors().nth(2).unwrap_or(Path::new(".")).to_owned()
}

fn cargo(args: &[&str]) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(args).current_dir(root());
    command
}

fn exercise_called(word: &str) -> std::result::Result<&'static Exercise, String> {
    exercise::called(word).ok_or_else(|| {
        let names: Vec<&str> = EXERCISES.iter().map(|exercise| exercise.short).collect();
        format!("there are {}", names.join(", "))
    })
}
