//! Programs are upgraded one by one: two programs, built with two versions of one record, on one segment.

use shmrec::{DynReader, LinkError, SharedRecord, WriteError};
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
    let mut old = ready(OLD, "link", &dir);
    let seen = old.ask("read");
    assert_eq!(
        seen,
        "Drive { serial: 2, speed: 2.5, fault: Some(404), operator: \"bob\", axes: [Axis { position: 3.0, torque: 0.5 }, \
         Axis { position: 4.0, torque: 0.5 }] }"
    );
    assert_eq!(old.ask("fields"), seen);
    for line in ["faster", "rename", "move", "lock"] {
        assert!(!old.ask(line).starts_with("failed"), "{line}");
    }
    assert_eq!(
        new.ask("read"),
        "Drive { mode: Manual, operator: \"cleo\", speed: 0.25, axes: [Axis { enabled: false, position: 3.0 }, Axis { \
         enabled: false, position: 50.0 }], serial: 78, timeout: 1ms, notes: [7] }"
    );
    old.finish();
    new.finish();
}

mod stricter {
    //! The record with a field that has no default, one of another type, and one of another capacity.

    use shmrec::SharedRecord;

    #[derive(SharedRecord, Debug)]
    pub(crate) struct Drive {
        pub(crate) serial: u64,
        pub(crate) ended: bool,
        #[record(capacity = 9)]
        pub(crate) operator: String,
        pub(crate) axes: [Axis; 2],
    }

    #[derive(SharedRecord, Debug)]
    pub(crate) struct Axis {
        pub(crate) position: f64,
    }
}

#[test]
fn nothing_is_converted_and_nothing_is_made_up() {
    let dir = TestDir::new();
    let new = ready(NEW, "create", &dir);
    let options = dir.options().compatible(true);
    let outcomes =
        [options.link::<stricter::Drive>("drive").map(drop), options.reader::<stricter::Drive>("drive").map(drop)];
    for outcome in outcomes {
        let Err(LinkError::Mismatch(mismatch)) = outcome else { panic!("{outcome:?}") };
        let differences: Vec<String> = mismatch.differences().iter().map(ToString::to_string).collect();
        assert_eq!(
            differences,
            [
                r#"field "serial": here u64, in the segment u32"#,
                r#"field "ended": here bool without a default, not in the segment"#,
                r#"field "operator": here String (capacity 9), in the segment String (capacity 8)"#,
                r#"field "axes[].position": here f64, in the segment f32"#,
            ]
        );
        assert!(mismatch.to_string().contains("not even a compatible link can bridge this"), "{mismatch}");
    }
    new.finish();
}

mod newer {
    //! What the new program has and an old segment lacks, where it is set by itself.

    use shmrec::SharedRecord;

    #[derive(SharedRecord, Debug)]
    #[record(name = "Drive")]
    pub(crate) struct Extended {
        pub(crate) serial: u32,
        #[record(default)]
        pub(crate) extra: u16,
    }
}

#[test]
fn a_field_that_the_segment_lacks_is_not_set_in_silence() {
    let dir = TestDir::new();
    let mut old = ready(OLD, "create", &dir);
    let segment = dir.options().compatible(true).link::<newer::Extended>("drive").unwrap();
    let fields = newer::Extended::fields();
    let outcome = segment.set((fields.serial, fields.extra), &(5, 6));
    assert!(matches!(outcome, Err(WriteError::NotInSegment(_))), "{outcome:?}");
    let outcome = segment.lock().unwrap().set(fields.extra, &6);
    assert!(matches!(outcome, Err(WriteError::NotInSegment(_))), "{outcome:?}");
    assert!(old.ask("read").starts_with("Drive { serial: 1,"));
    // As a part of the whole record its loss is what the option accepts.
    segment.write(&newer::Extended { serial: 5, extra: 6 }).unwrap();
    assert_eq!(segment.read().unwrap().extra, 0);
    assert!(old.ask("read").starts_with("Drive { serial: 5, speed: 1.5,"));
    old.finish();
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
