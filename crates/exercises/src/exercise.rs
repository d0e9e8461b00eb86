//! The exercises, and all that is written about them.

/// A task, how to begin, three hints, a solution, and what there is to say about it.
#[derive(Debug)]
pub struct Exercise {
    /// The lesson: `a2`.
    pub short: &'static str,
    /// What is to be done, in a few words.
    pub title: &'static str,
    /// What is to be done.
    pub task: &'static str,
    /// A program that compiles, and does not do it yet.
    pub starter: &'static str,
    /// A program that does it.
    pub solution: &'static str,
    /// The idea, the place, the code.
    pub hints: [&'static str; 3],
    /// What there is to say when it is done.
    pub after: &'static str,
}

/// Reads what lies in the folder of an exercise.
macro_rules! exercise {
    ($short:literal, $title:literal) => {
        Exercise {
            short: $short,
            title: $title,
            task: include_str!(concat!("../exercises/", $short, "/task.md")),
            starter: include_str!(concat!("../exercises/", $short, "/starter.rs")),
            solution: include_str!(concat!("../exercises/", $short, "/solution.rs")),
            hints: [
                include_str!(concat!("../exercises/", $short, "/hint-1.md")),
                include_str!(concat!("../exercises/", $short, "/hint-2.md")),
                include_str!(concat!("../exercises/", $short, "/hint-3.md")),
            ],
            after: include_str!(concat!("../exercises/", $short, "/after.md")),
        }
    };
}

/// All exercises, in the order of the lessons.
pub const EXERCISES: [Exercise; 8] = [
    exercise!("a1", "a node that is the same one tomorrow"),
    exercise!("a2", "dial a node, and say who it is"),
    exercise!("a3", "notice that a node goes, and why"),
    exercise!("a4", "shout back what you hear"),
    exercise!("a5", "ask, and answer, at the same time"),
    exercise!("b1", "two methods, one with a parameter that may be left out"),
    exercise!("b2", "tell who is connected"),
    exercise!("b3", "send what a call says, once"),
];

/// The exercise of this lesson: `a2`, or `A2`.
#[must_use]
pub fn called(word: &str) -> Option<&'static Exercise> {
    EXERCISES.iter().find(|exercise| exercise.short.eq_ignore_ascii_case(word))
}
