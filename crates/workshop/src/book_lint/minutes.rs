//! Timetables: the minutes in the first column of a table are as many as its last row says.
//!
//! Such a table has a first column that is called `Minutes`; its last row has the sum, in bold:
//! `| **90** | |`.

/// The sums of the timetables on a page, as far as they are right.
#[must_use]
pub fn sums(text: &str) -> Vec<u32> {
    read(text).0
}

/// What is wrong with the timetables on a page, with the line that each problem is on.
pub(super) fn problems(text: &str) -> Vec<(usize, String)> {
    read(text).1
}

fn read(text: &str) -> (Vec<u32>, Vec<(usize, String)>) {
    let (mut sums, mut problems) = (Vec::new(), Vec::new());
    let mut sum: Option<u32> = None;
    // One line more, so that a table at the very end is ended, too.
    for (line, row) in (1..).zip(text.lines().chain([""])) {
        let Some(cell) = row.strip_prefix('|').and_then(|row| row.split('|').next()) else {
            if sum.take().is_some() {
                problems.push((line, "the table before ends without its sum: **90**".to_owned()));
            }
            continue;
        };
        let cell = cell.trim();
        let total = cell.strip_prefix("**").and_then(|cell| cell.strip_suffix("**"));
        match (sum, total, cell.parse::<u32>()) {
            (None, _, _) if cell == "Minutes" => sum = Some(0),
            (Some(so_far), None, Ok(minutes)) => sum = Some(so_far.saturating_add(minutes)),
            (Some(so_far), Some(total), _) => {
                match total.parse() == Ok(so_far) {
                    true => sums.push(so_far),
                    false => {
                        problems.push((line, format!("these minutes are {so_far}, not {total}")));
                    }
                }
                sum = None;
            }
            (Some(_), None, Err(_)) if !cell.starts_with("--") => {
                problems.push((line, format!("{cell:?} are no minutes")));
            }
            _ => {}
        }
    }
    (sums, problems)
}
