//! The command as a user calls it. That these tests are here also makes `cargo test` build the program, which the
//! end-to-end tests start.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::process::Command;

fn florin(arguments: &[&str]) -> (bool, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_florin")).args(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.success(), text(output.stdout), text(output.stderr))
}

#[test]
fn help_has_examples() {
    for command in ["", "serve", "init", "verify", "key", "backup", "move", "prove"] {
        let arguments: Vec<_> = [command, "--help"].into_iter().filter(|word| !word.is_empty()).collect();
        let (ok, out, _) = florin(&arguments);
        assert!(ok && out.contains("Example"), "{arguments:?}: {out}");
    }
}

#[test]
fn the_demo_ends_well() {
    let (ok, out, err) = florin(&["demo"]);
    assert!(ok, "{out}{err}");
    assert!(
        out.contains("20004") && out.contains("The merchant is notified") && out.contains("The books add up"),
        "{out}"
    );
}

#[test]
fn openapi_is_json() {
    for (arguments, path) in [(&["openapi"][..], "/api/v1/wallet"), (&["openapi", "momo"], "/collection/token/")] {
        let (ok, out, _) = florin(arguments);
        let document: serde_json::Value = serde_json::from_str(&out).unwrap();
        assert!(ok && document["paths"].get(path).is_some(), "{arguments:?}");
    }
}

#[test]
fn a_mistake_is_told_and_fails() {
    let (ok, _, err) = florin(&["verify", "--database", "sqlite:///nowhere/at/all.db"]);
    assert!(!ok && err.contains("florin init"), "{err}");
}
