//! Where a learner's work lies: `lessons/workbench`, out of git's sight and in rust-analyzer's.

use std::path::{Path, PathBuf};
use std::{fs, io};

use crate::exercise::Exercise;
use crate::seat::SeatFiles;

/// The workbench's folder.
#[derive(Debug, Clone)]
pub struct Workbench(PathBuf);

impl Workbench {
    /// That of the workspace in `root`.
    #[must_use]
    pub fn of(root: &Path) -> Self {
        Self(root.join("lessons").join("workbench"))
    }

    /// The learner's program.
    #[must_use]
    pub fn file(&self, exercise: &Exercise) -> PathBuf {
        self.0.join("src").join("bin").join(format!("{}.rs", exercise.short))
    }

    /// What was passed, and how many hints were read.
    #[must_use]
    pub fn progress_file(&self) -> PathBuf {
        self.0.join(".progress")
    }

    /// In which room, and as whom: see [`SeatFiles`].
    #[must_use]
    pub fn seat_files(&self) -> SeatFiles {
        SeatFiles { seat: self.0.join(".seat"), key: self.0.join(".seat-key") }
    }

    /// Puts the starter there if there is no file yet; whether it did.
    ///
    /// # Errors
    /// The operating system's.
    pub fn make(&self, exercise: &Exercise) -> io::Result<bool> {
        let file = self.file(exercise);
        if file.exists() {
            return Ok(false);
        }
        self.write(exercise, exercise.starter)?;
        Ok(true)
    }

    /// Writes `text` as the learner's program, and keeps what was there: returns where.
    ///
    /// # Errors
    /// The operating system's; then what was there is still there.
    pub fn replace(&self, exercise: &Exercise, text: &str) -> io::Result<Option<PathBuf>> {
        let file = self.file(exercise);
        let kept = match fs::read_to_string(&file) {
            Ok(before) if before == text || before == exercise.starter => None,
            Ok(before) => Some(self.keep(exercise, &before)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        self.write(exercise, text)?;
        Ok(kept)
    }

    fn write(&self, exercise: &Exercise, text: &str) -> io::Result<()> {
        let file = self.file(exercise);
        fs::create_dir_all(file.parent().unwrap_or(&self.0))?;
        fs::write(file, text)
    }

    /// Writes it to the first file in `saved` that is free.
    fn keep(&self, exercise: &Exercise, text: &str) -> io::Result<PathBuf> {
        let folder = self.0.join("saved");
        fs::create_dir_all(&folder)?;
        for number in 1..u32::MAX {
            let path = folder.join(format!("{}-{number}.rs", exercise.short));
            match fs::File::create_new(&path) {
                Ok(mut file) => {
                    io::Write::write_all(&mut file, text.as_bytes())?;
                    return Ok(path);
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exercise::EXERCISES;

    #[test]
    fn nothing_that_somebody_has_written_is_lost() {
        let root = tempfile::tempdir().unwrap();
        let bench = Workbench::of(root.path());
        let [exercise, ..] = &EXERCISES;
        let read = |path: &Path| fs::read_to_string(path).unwrap();
        assert!(bench.make(exercise).unwrap());
        assert!(!bench.make(exercise).unwrap(), "it is there already");
        assert_eq!(read(&bench.file(exercise)), exercise.starter);
        assert_eq!(bench.replace(exercise, exercise.solution).unwrap(), None, "not touched yet");

        for mine in ["fn main() {}", "fn main() { todo!() }"] {
            fs::write(bench.file(exercise), mine).unwrap();
            let kept = bench.replace(exercise, exercise.starter).unwrap().unwrap();
            assert_eq!(read(&kept), mine);
            assert_eq!(read(&bench.file(exercise)), exercise.starter);
        }
        fs::write(bench.file(exercise), [0xff, 0xfe]).unwrap();
        assert!(bench.replace(exercise, exercise.starter).is_err(), "no text: left as it is");
        assert_eq!(fs::read(bench.file(exercise)).unwrap(), [0xff, 0xfe]);
    }
}
