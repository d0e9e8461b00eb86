//! Timetables: the minutes in the first column of a table are as many as its last row says, and a
//! chapter needs as many as they give it.

/// A table whose first column is called `Minutes`, and whose last row has the sum: `| **90** | |`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timetable {
    /// What its last row says.
    pub total: u32,
    /// Each other row: its minutes, and all that stands behind them.
    pub rows: Vec<(u32, String)>,
}

/// All timetables on a page whose last row is right.
#[must_use]
pub fn timetables(text: &str) -> Vec<Timetable> {
    read(text).0
}

/// What is wrong with the timetables, with the line that each problem is on.
pub(super) fn problems(text: &str) -> Vec<(usize, String)> {
    read(text).1
}

fn read(text: &str) -> (Vec<Timetable>, Vec<(usize, String)>) {
    let (mut tables, mut problems) = (Vec::new(), Vec::new());
    let mut open: Option<Vec<(u32, String)>> = None;
    // One line more, so that a table at the very end is ended, too.
    for (line, row) in (1..).zip(text.lines().chain([""])) {
        let Some((cell, rest)) = row.strip_prefix('|').and_then(|row| row.split_once('|')) else {
            if open.take().is_some() {
                problems.push((line, "the table before ends without its sum: **90**".to_owned()));
            }
            continue;
        };
        let cell = cell.trim();
        let total = cell.strip_prefix("**").and_then(|cell| cell.strip_suffix("**"));
        match (&mut open, total, cell.parse::<u32>()) {
            (None, _, _) if cell == "Minutes" => open = Some(Vec::new()),
            (Some(rows), None, Ok(minutes)) => rows.push((minutes, rest.to_owned())),
            (Some(rows), Some(total), _) => {
                let rows = std::mem::take(rows);
                let sum = rows.iter().fold(0_u32, |sum, (minutes, _)| sum.saturating_add(*minutes));
                match total.parse() == Ok(sum) {
                    true => tables.push(Timetable { total: sum, rows }),
                    false => problems.push((line, format!("these minutes are {sum}, not {total}"))),
                }
                open = None;
            }
            (Some(_), None, Err(_)) if !cell.starts_with("--") => {
                problems.push((line, format!("{cell:?} are no minutes")));
            }
            _ => {}
        }
    }
    (tables, problems)
}

/// What is wrong with the minutes in the head of the chapter `file`, if anything is: it says what the
/// timetables give to the chapter, and to its part *Your turn*.
#[must_use]
pub fn head_problem(file: &str, chapter: &str, timetables: &[Timetable]) -> Option<String> {
    let of = |target: &str| {
        let link = format!("]({target})");
        let rows = timetables.iter().flat_map(|table| &table.rows);
        rows.filter(|(_, what)| what.contains(&link))
            .fold(0_u32, |sum, (minutes, _)| sum.saturating_add(*minutes))
    };
    let (read, write) = (of(file), of(&format!("{file}#your-turn")));
    let line = format!("*Minutes: {read} to read and run, {write} for [your turn](#your-turn)*");
    // Below the title, and before anything else.
    let head = chapter.lines().skip(1).find(|line| !line.trim().is_empty());
    (head != Some(&line)).then(|| format!("{file} should begin with: {line}"))
}
