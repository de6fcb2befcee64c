//! A C program of the tests' own, compiled here, that knows the documents and nothing else: it finds a segment by its `ftok`
//! key, reads it under the documented protocol, and writes to it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use shmrec::{Key, Perms, SegmentOptions};
use shmrec_tests::directory::TestDir;
use shmrec_tests::records::Counter;
use shmrec_tests::until;

/// Compiles the program into a directory; the linker of every Rust installation is a C compiler.
fn compiled(dir: &Path) -> PathBuf {
    let program = dir.join("segment");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("c/segment.c");
    let mut compiler = Command::new("cc");
    compiler.args(["-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", "-o"]).arg(&program).arg(source);
    let status = compiler.status().expect("cc");
    assert!(status.success(), "cc: {status}");
    program
}

#[track_caller]
fn said(program: &Path, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).stderr(Stdio::inherit()).output().expect("the C program");
    assert!(output.status.success(), "{arguments:?}: {}", output.status);
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

#[test]
fn a_c_program_reads_what_rust_writes_and_rust_what_it_writes() {
    let dir = TestDir::new();
    // Not in the directory of segments: what is mounted there may forbid execution.
    let place = std::env::temp_dir().join(format!("shmrec-c-{}", std::process::id()));
    std::fs::create_dir(&place).unwrap();
    let _gone = Gone(place.clone());
    let program = compiled(&place);
    let file = place.join("segment");
    let file = file.to_str().unwrap();

    let options = SegmentOptions::new().dir(dir.path()).key(Key::ftok(file, b'R').unwrap()).perms(Perms::RWRWRW);
    let segment = options.create_with("c_program", &Counter::new(41)).unwrap();
    assert_eq!(said(&program, &["read", file, "R"]), "version 1 seq 41 text 41 short 41 check good");
    segment.write(&Counter::new(12_345_678_901_234)).unwrap();
    assert_eq!(
        said(&program, &["read", file, "R"]),
        "version 2 seq 12345678901234 text 12345678901234 short 345678901234 check good"
    );

    let companion = segment.path().to_str().unwrap().to_owned();
    for seq in [7_u64, 9_999_999_999_999] {
        let version = segment.version().get() + 1;
        assert_eq!(said(&program, &["write", &companion, file, "R", &seq.to_string()]), format!("version {version}"));
        assert_eq!((segment.read().unwrap(), segment.version().get()), (Counter::new(seq), version));
    }
    // Its locks went with it.
    assert_eq!(segment.users().unwrap(), 1);
    assert!(!segment.lock().unwrap().recovered());

    // It waits for a lock that Rust holds, and wakes a Rust waiter.
    let mut guard = segment.lock().unwrap();
    let arguments = ["write", &companion, file, "R", "5"];
    let mut writer = Command::new(&program).args(arguments).stdout(Stdio::null()).spawn().unwrap();
    until("the C program has joined", || segment.users().unwrap() == 2);
    guard.write(&Counter::new(4)).unwrap();
    let before = guard.unlock().unwrap().unwrap();
    let newer = segment.wait_newer(before, std::time::Duration::from_secs(60)).unwrap();
    assert_eq!(newer.record, Counter::new(5));
    assert!(writer.wait().unwrap().success());

    // Both write, none gets lost: each C program adds one version.
    let versions = segment.version().get();
    std::thread::scope(|scope| {
        let program = &program;
        let companion = &companion;
        scope.spawn(move || {
            for seq in 100..120 {
                said(program, &["write", companion, file, "R", &seq.to_string()]);
            }
        });
        for seq in 0..200 {
            segment.write(&Counter::new(seq)).unwrap();
            assert!(segment.read().unwrap().is_whole());
        }
    });
    assert_eq!(segment.version().get(), versions + 220);
    drop(segment);
    assert!(dir.files().is_empty(), "{:?}", dir.files());
    assert!(shmrec_tests::sysv::under(Key::ftok(file, b'R').unwrap()).is_none());
}

/// A directory that goes when the test ends, failed or not.
struct Gone(PathBuf);

impl Drop for Gone {
    fn drop(&mut self) {
        if let Ok(key) = Key::ftok(self.0.join("segment"), b'R') {
            if let Some(segment) = shmrec_tests::sysv::under(key) {
                segment.remove();
            }
        }
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
