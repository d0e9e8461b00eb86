//! `devp2p key`, as a user sees it.

#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use std::fs;

use support::{KEY_ONE, PUBLIC_KEY_ONE, devp2p, file, new_path};

#[test]
fn a_new_key_is_written_and_its_enode_shown() {
    let path = new_path("new.key");
    let new = devp2p(&["key", "new", &path]);
    assert_eq!((new.code, new.stderr.as_str()), (Some(0), ""));
    let enode = devp2p(&["key", "enode", &path]).stdout;
    assert!(enode.starts_with("enode://"), "{enode}");
    assert!(new.stdout.contains(&format!("  {enode}")), "{new:?}");
    // The secret stays in the file.
    assert!(!new.stdout.contains(&fs::read_to_string(&path).unwrap()));
}

#[test]
fn an_existing_file_is_not_overwritten() {
    let path = file("existing.key", KEY_ONE);
    let new = devp2p(&["key", "new", &path]);
    assert_eq!((new.code, new.stdout.as_str()), (Some(1), ""));
    assert!(new.stderr.contains(&path) && new.stderr.contains("not overwritten"), "{new:?}");
    assert_eq!(fs::read_to_string(&path).unwrap(), KEY_ONE);
}

#[test]
fn a_key_is_written_into_an_existing_directory_only() {
    let path = new_path("missing/new.key");
    let new = devp2p(&["key", "new", &path]);
    assert_eq!(new.code, Some(1), "{new:?}");
    assert!(new.stderr.starts_with("devp2p: cannot write the key file "), "{new:?}");
}

#[test]
fn the_enode_has_as_much_as_was_said() {
    let key = file("enode.key", KEY_ONE);
    let table: [(&[&str], &str); 5] = [
        (&[], ""),
        (&["--ip", "192.168.1.5"], "@192.168.1.5:30303"),
        (&["--ip", "192.168.1.5", "--tcp", "7"], "@192.168.1.5:7"),
        (&["--ip", "192.168.1.5", "--tcp", "7", "--udp", "8"], "@192.168.1.5:7?discport=8"),
        (&["--ip", "2001:db8::1"], "@[2001:db8::1]:30303"),
    ];
    for (options, address) in table {
        let shown = devp2p(&[&["key", "enode", &key], options].concat());
        assert_eq!(shown.stdout, format!("enode://{PUBLIC_KEY_ONE}{address}\n"), "{shown:?}");
    }
}

#[test]
fn a_bad_key_file_is_named_with_what_is_wrong() {
    let table = [
        ("short.key", "abc", "64 hex digits"),
        ("no_hex.key", "not a key, but as long as one: 64 characters, which it has, really", "hex"),
        ("zero.key", &"0".repeat(64), "no secret key"),
    ];
    for (name, content, wrong) in table {
        let path = file(name, content);
        let enode = format!("enode://{PUBLIC_KEY_ONE}@127.0.0.1:1");
        let uses: [&[&str]; 3] = [
            &["key", "enode", &path],
            &["node", "--no-listen", "--key", &path],
            &["ping", &enode, "--key", &path],
        ];
        for args in uses {
            let ended = devp2p(args);
            assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""), "{args:?}");
            let expected = format!("devp2p: cannot read the key file {path}: ");
            assert!(ended.stderr.starts_with(&expected), "{ended:?}");
            assert!(ended.stderr.contains(wrong), "{ended:?}");
        }
    }
}

#[test]
fn a_directory_is_no_key_file() {
    let ended = devp2p(&["key", "enode", env!("CARGO_TARGET_TMPDIR")]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stderr.contains("this is a directory"), "{ended:?}");
}

#[test]
fn a_missing_key_file_is_told_with_how_to_make_one() {
    let path = new_path("missing.key");
    let ended = devp2p(&["node", "--no-listen", "--key", &path]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""));
    assert!(
        ended.stderr.contains(&format!("`{} key new \"{path}\"`", env!("CARGO_BIN_EXE_devp2p"))),
        "{ended:?}"
    );
}

#[cfg(unix)]
#[test]
fn a_key_file_that_others_can_read_is_warned_of() {
    use std::os::unix::fs::PermissionsExt;

    let path = file("shared.key", KEY_ONE);
    let quiet = devp2p(&["key", "enode", &path]);
    assert_eq!((quiet.code, quiet.stderr.as_str()), (Some(0), ""));
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    let warned = devp2p(&["key", "enode", &path]);
    assert_eq!((warned.code, warned.stdout), (Some(0), quiet.stdout));
    assert!(warned.stderr.starts_with("devp2p: warning: others on this machine can read"));
    assert!(warned.stderr.contains("chmod 600"), "{}", warned.stderr);
}

#[cfg(unix)]
#[test]
fn what_is_typed_cannot_paint_on_the_terminal_when_it_is_quoted() {
    for args in [&["key", "enode", "/no/\x1b[31m\u{202e}"][..], &["ping", "enode:\x1b[31m\u{202e}"]]
    {
        let ended = devp2p(args);
        assert_ne!(ended.code, Some(0), "{ended:?}");
        assert!(ended.stderr.contains("\\u{1b}[31m\\u{202e}"), "{ended:?}");
        assert!(ended.stderr.chars().all(|c| c == '\n' || !c.is_control()), "{ended:?}");
    }
}
