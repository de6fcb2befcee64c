//! Programs are upgraded one by one: two programs, built with two versions of one record, on one segment.

use shmrec::DynReader;
use shmrec_tests::directory::TestDir;
use shmrec_tests::peer::{Peer, Start};

const OLD: &str = env!("CARGO_BIN_EXE_evolution_old");
const NEW: &str = env!("CARGO_BIN_EXE_evolution_new");

fn program(program: &str, mode: &str, dir: &TestDir) -> (Peer, String) {
    let mut peer = Start::new(program, mode).arg(dir.path()).spawn();
    let answer = peer.hear();
    (peer, answer)
}

fn ready(which: &str, mode: &str, dir: &TestDir) -> Peer {
    let (peer, answer) = program(which, mode, dir);
    assert_eq!(answer, "ready");
    peer
}

/// What the segment itself holds, whichever version that is.
fn stored(dir: &TestDir) -> String {
    let reader: DynReader = dir.options().dyn_reader("drive").unwrap();
    reader.read().unwrap().value().unwrap().to_string()
}

#[test]
fn a_new_program_reads_and_writes_the_old_program_s_segment() {
    let dir = TestDir::new();
    let mut old = ready(OLD, "create", &dir);
    let mut new = ready(NEW, "link", &dir);
    let seen = new.ask("read");
    assert_eq!(
        seen,
        "Drive { mode: Automatic, operator: \"ann\", speed: 1.5, axes: [Axis { enabled: true, position: 1.0 }, Axis { \
         enabled: true, position: 2.0 }], serial: 1, timeout: 30s, notes: [] }",
        "what the segment lacks is the default"
    );
    assert_eq!(new.ask("fields"), seen);

    // What the new program writes the old one reads; what the new one does not know stays as it was.
    for line in ["faster", "rename", "move", "lock"] {
        assert!(!new.ask(line).starts_with("failed"), "{line}");
    }
    let expected = "Drive { serial: 78, speed: 0.25, fault: Some(9), operator: \"cleo\", axes: [Axis { position: 1.0, \
                    torque: 10.0 }, Axis { position: 50.0, torque: 20.0 }] }";
    assert_eq!(old.ask("read"), expected);
    assert_eq!(old.ask("fields"), expected);
    // What the segment lacks is not written, and does not come back.
    assert!(new.ask("mark").starts_with("Drive { mode: Automatic,"));
    assert_eq!(old.ask("read"), expected);
    // And the other way round, on the same segment.
    old.ask("mark");
    new.ask("write");
    assert_eq!(
        old.ask("read"),
        "Drive { serial: 2, speed: 2.5, fault: Some(100), operator: \"bob\", axes: [Axis { position: 3.0, torque: 10.0 \
         }, Axis { position: 4.0, torque: 100.0 }] }"
    );
    old.finish();
    new.finish();
}

#[test]
fn an_old_program_reads_and_writes_the_new_program_s_segment() {
    let dir = TestDir::new();
    let mut new = ready(NEW, "create", &dir);
    // The old record has fields without a default that the new segment lacks.
    let (old, answer) = program(OLD, "link", &dir);
    assert!(answer.starts_with("failed "), "{answer}");
    for part in [r#"field "fault": here Option<u16> without a default, not in the segment"#, r#""axes[].torque""#] {
        assert!(answer.contains(part), "{part} in {answer}");
    }
    drop(old);
    new.ask("mark");
    new.finish();
}

#[test]
fn without_the_option_all_differences_are_refused_and_listed() {
    let dir = TestDir::new();
    let old = ready(OLD, "create", &dir);
    let (new, answer) = program(NEW, "exact", &dir);
    assert!(answer.starts_with("failed the segment holds another record, with "), "{answer}");
    for part in [
        r#"field "mode": here Mode at 0, not in the segment"#,
        r#"field "operator": here String (capacity 8) at 4, in the segment String (capacity 8) at 20"#,
        r#"field "axes[].enabled": here bool at 0, not in the segment"#,
        r#"field "axes[].torque": not here, in the segment f32 at 4"#,
        r#"field "fault": not here, in the segment Option<u16> at 16"#,
        r#"field "timeout": here Duration at 48, not in the segment"#,
        "link with the option `compatible`",
    ] {
        assert!(answer.contains(part), "{part} in {answer}");
    }
    drop(new);
    old.finish();
}

#[test]
fn who_does_not_know_all_fields_does_not_write_the_first_record() {
    let dir = TestDir::new();
    let mut old = ready(OLD, "empty", &dir);
    let mut new = ready(NEW, "link", &dir);
    for line in ["write", "faster", "rename", "lock"] {
        let answer = new.ask(line);
        assert!(answer.starts_with("failed nothing has been written to the segment yet"), "{line}: {answer}");
    }
    assert!(old.ask("read").starts_with("failed nothing has been written"));
    old.ask("write");
    assert!(new.ask("rename").contains("cleo"));
    assert!(stored(&dir).contains("operator: \"cleo\""));
    old.finish();
    new.finish();
}

#[test]
fn both_versions_write_at_the_same_time_and_no_update_is_lost() {
    let dir = TestDir::new();
    let mut old = ready(OLD, "create", &dir);
    let mut new = ready(NEW, "link", &dir);
    for _ in 0..200 {
        old.tell("faster");
        new.tell("faster");
    }
    for peer in [&mut old, &mut new] {
        for _ in 0..200 {
            assert!(peer.hear().starts_with("Drive"));
        }
    }
    assert!(stored(&dir).starts_with("Drive { serial: 1, speed: 401.5, fault: Some(9), "), "{}", stored(&dir));
    old.finish();
    new.finish();
}
