//! Timetables: the minutes in the first column of a table are as many as its last row says.

/// What is wrong with the tables whose first column is called `Minutes`, with the line that each
/// problem is on. Their last row has the sum, in bold: `| **90** | |`.
pub(super) fn problems(text: &str) -> Vec<(usize, String)> {
    let mut problems = Vec::new();
    let mut sum: Option<u32> = None;
    for (line, row) in (1..).zip(text.lines()) {
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
                if total.parse() != Ok(so_far) {
                    problems.push((line, format!("these minutes are {so_far}, not {total}")));
                }
                sum = None;
            }
            (Some(_), None, Err(_)) if !cell.starts_with("--") => {
                problems.push((line, format!("{cell:?} are no minutes")));
            }
            _ => {}
        }
    }
    problems
}
