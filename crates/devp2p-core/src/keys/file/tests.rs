use std::env;
use std::path::PathBuf;
use std::process;

use super::*;

const HEX: &str = "b71c71a67e1177ad4e901695e1b4b9ee17ae16c6668d313eac2f96dbcda3f291";

/// A directory of one test's own, removed at the end.
struct Directory(PathBuf);

impl Directory {
    fn new(name: &str) -> Directory {
        let path = env::temp_dir().join(format!("devp2p-key-file-{}-{name}", process::id()));
        fs::create_dir(&path).unwrap();
        Directory(path)
    }

    fn file(&self) -> PathBuf {
        self.0.join("nodekey")
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn key() -> NodeKey {
    parse(HEX.as_bytes()).unwrap()
}

fn error_of(text: &str) -> KeyFileError {
    parse(text.as_bytes()).unwrap_err()
}

#[test]
fn a_saved_key_loads_again() {
    let directory = Directory::new("round-trip");
    key().save(directory.file()).unwrap();

    assert_eq!(fs::read(directory.file()).unwrap(), HEX.as_bytes());
    assert_eq!(NodeKey::load(directory.file()).unwrap().public_key(), key().public_key());
}

#[cfg(unix)]
#[test]
fn a_saved_key_is_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;

    let directory = Directory::new("mode");
    key().save(directory.file()).unwrap();

    let mode = fs::metadata(directory.file()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn an_existing_file_is_not_overwritten() {
    let directory = Directory::new("existing");
    fs::write(directory.file(), "precious").unwrap();

    assert_eq!(key().save(directory.file()), Err(KeyFileError::AlreadyExists));
    assert_eq!(fs::read(directory.file()).unwrap(), b"precious");
}

#[cfg(unix)]
#[test]
fn a_link_to_nowhere_is_not_followed() {
    let directory = Directory::new("link");
    std::os::unix::fs::symlink(directory.0.join("elsewhere"), directory.file()).unwrap();

    assert_eq!(key().save(directory.file()), Err(KeyFileError::AlreadyExists));
    assert!(!directory.0.join("elsewhere").exists());
}

#[test]
fn a_failed_write_leaves_nothing_behind() {
    let directory = Directory::new("failed-write");
    fs::write(directory.file(), "").unwrap();
    let read_only = File::open(directory.file()).unwrap();

    assert!(key().write_or_remove(read_only, &directory.file()).is_err());
    assert!(!directory.file().exists());
}

#[test]
fn a_missing_directory_is_an_error_of_its_own() {
    let directory = Directory::new("missing");
    let file = directory.0.join("missing").join("nodekey");

    assert_eq!(key().save(&file), Err(KeyFileError::NotFound));
    assert_eq!(NodeKey::load(&file).unwrap_err(), KeyFileError::NotFound);
}

#[test]
fn a_missing_file_is_an_error_of_its_own() {
    let directory = Directory::new("no-file");

    assert_eq!(NodeKey::load(directory.file()).unwrap_err(), KeyFileError::NotFound);
}

#[test]
fn a_directory_is_an_error_of_its_own() {
    let directory = Directory::new("directory");

    assert_eq!(NodeKey::load(&directory.0).unwrap_err(), KeyFileError::IsDirectory);
    assert_eq!(key().save(&directory.0), Err(KeyFileError::IsDirectory));
}

#[test]
fn missing_permission_is_an_error_of_its_own() {
    // As root a real file cannot be made unreadable.
    let denied = io::Error::from(ErrorKind::PermissionDenied);
    assert_eq!(cause(Path::new("nodekey"), &denied), KeyFileError::PermissionDenied);
}

#[cfg(unix)]
#[test]
fn an_endless_file_is_too_long() {
    assert_eq!(NodeKey::load("/dev/zero").unwrap_err(), KeyFileError::TooLong);
}

#[test]
fn a_long_file_is_too_long() {
    let directory = Directory::new("long");
    fs::write(directory.file(), format!("{HEX}\n\n\n{HEX}")).unwrap();

    assert_eq!(NodeKey::load(directory.file()).unwrap_err(), KeyFileError::TooLong);
}

#[test]
fn up_to_two_line_ends_may_follow() {
    for end in ["", "\n", "\r", "\r\n", "\n\n", "\n\r", "\r\r"] {
        let found = parse(format!("{HEX}{end}").as_bytes()).unwrap();
        assert_eq!(found.public_key(), key().public_key(), "with {end:?}");
    }
}

#[test]
fn anything_else_may_not_follow() {
    for end in [" ", "\t", "0", "X", "\n ", " \n", "X\n", "\nX", "\n\n\n", "\r\n\r", "\0", "\u{b}"]
    {
        assert_eq!(error_of(&format!("{HEX}{end}")), KeyFileError::TooLong, "with {end:?}");
    }
}

#[test]
fn digits_of_either_case_are_read() {
    let found = parse(HEX.to_uppercase().as_bytes()).unwrap();
    assert_eq!(found.public_key(), key().public_key());
}

#[test]
fn every_shorter_file_is_too_short() {
    for (length, _) in HEX.char_indices() {
        let (start, _) = HEX.split_at(length);
        for end in ["", "\n", "\r\n"] {
            let error = error_of(&format!("{start}{end}"));
            assert_eq!(error, KeyFileError::TooShort { found: length }, "with {end:?}");
        }
    }
}

#[test]
fn a_key_in_raw_bytes_is_told_as_such() {
    assert_eq!(parse(&[0xb7; 32]).unwrap_err(), KeyFileError::RawBytes);
    assert_eq!(parse(&[0; 32]).unwrap_err(), KeyFileError::RawBytes);
    assert_eq!(parse(&[0xb7; 31]).unwrap_err(), KeyFileError::TooShort { found: 31 });
}

#[test]
fn a_character_that_is_no_hex_digit_is_pointed_at() {
    let (_, tail) = HEX.split_at(2);
    assert_eq!(error_of(&format!("0x{tail}")), KeyFileError::NotHex { position: 2 });
    assert_eq!(error_of(&format!(" {HEX}")), KeyFileError::TooLong);
    assert_eq!(error_of(&HEX.replace('b', "g")), KeyFileError::NotHex { position: 1 });
    // Two bytes of UTF-8 in the place of two digits.
    assert_eq!(error_of(&format!("é{tail}")), KeyFileError::NotHex { position: 1 });
}

#[test]
fn numbers_that_are_no_secret_key_are_refused() {
    let zero = "0".repeat(64);
    let order = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";
    for digits in [zero.as_str(), order, &"f".repeat(64)] {
        assert_eq!(error_of(digits), KeyFileError::Key(KeyError::SecretKeyOutOfRange), "{digits}");
    }
}
