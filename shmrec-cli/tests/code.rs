//! What `schema --rust` and `schema --python` write is given to a compiler and to numpy.
//!
//! Python runs where `SHMREC_NUMPY` names an interpreter that has numpy; `.ci/run` makes one.
#![cfg(target_os = "linux")]

#[path = "support/records.rs"]
mod records;
#[path = "support/mod.rs"]
mod support;

use std::path::{Path, PathBuf};
use std::process::Command;

use records::{Robot, robot};
use shmrec::SharedRecord;
use shmrec::schema::Schema;
use support::Dir;

/// Names that no language likes.
#[derive(SharedRecord, Clone, Debug, PartialEq)]
#[record(name = "drive.odd-one")]
#[allow(non_snake_case, reason = "that is what is tried")]
struct Odd {
    /// A doc with \ and "quotes" */ and `ticks`.
    r#type: u8,
    #[record(rename = "größe")]
    size: u16,
    #[record(rename = "a-b")]
    dashed: u32,
    #[record(rename = "a+b")]
    also_dashed: u32,
    #[record(rename = "self")]
    own: u64,
    kinds: [Option_; 2],
    deep: Option<Vec3>,
    #[record(capacity = (3, 2, 4))]
    nested: Vec<Vec<String>>,
    texts: (shmrec::FixedStr<5>, shmrec::FixedVec<u16, 3>),
    one: (u8,),
    outer: outer::Same,
    inner: inner::Same,
}

/// An enum that is called like one of the prelude's.
#[derive(SharedRecord, Clone, Debug, PartialEq)]
#[record(name = "Option")]
#[repr(i16)]
#[allow(non_camel_case_types, reason = "that is what is tried")]
enum Option_ {
    #[record(rename = "None")]
    Nothing = -5,
    #[record(rename = "some-thing")]
    Thing(u8, u64) = 300,
    #[record(rename = "some+thing")]
    Other { tag: u32 } = 301,
}

#[derive(SharedRecord, Clone, Debug, PartialEq)]
struct Vec3(f32, f32, f32);

mod outer {
    #[derive(shmrec::SharedRecord, Clone, Debug, PartialEq)]
    pub(crate) struct Same {
        pub(crate) a: u8,
    }
}

mod inner {
    #[derive(shmrec::SharedRecord, Clone, Debug, PartialEq)]
    pub(crate) struct Same {
        pub(crate) b: u64,
    }
}

fn odd() -> Odd {
    Odd {
        r#type: 1,
        size: 2,
        dashed: 3,
        also_dashed: 4,
        own: 5,
        kinds: [Option_::Nothing, Option_::Thing(6, 7)],
        deep: Some(Vec3(1.0, 2.0, 3.0)),
        nested: vec![vec!["a".into(), "bc".into()], vec![]],
        texts: ("five".parse().expect("it fits"), [1, 2].as_slice().try_into().expect("it fits")),
        one: (9,),
        outer: outer::Same { a: 10 },
        inner: inner::Same { b: 11 },
    }
}

fn segments(dir: &Dir) -> impl Sized {
    (dir.options().create_with("robot", &robot()).unwrap(), dir.options().create_with("odd", &odd()).unwrap())
}

/// Where this build's libraries are: beside this very test.
fn libraries() -> PathBuf {
    std::env::current_exe().expect("the test's own file").parent().expect("target/…/deps").to_owned()
}

/// The library `name` that was built last.
fn library(name: &str) -> PathBuf {
    let prefix = format!("lib{name}-");
    let entries = std::fs::read_dir(libraries()).expect("the libraries").flatten();
    let built = entries.filter(|entry| {
        let file = entry.file_name().to_string_lossy().into_owned();
        file.starts_with(&prefix) && file.ends_with(".rlib")
    });
    let newest = built.max_by_key(|entry| entry.metadata().and_then(|about| about.modified()).ok());
    newest.expect("the library is built").path()
}

#[test]
fn the_rust_module_derives_the_same_record() {
    let dir = Dir::new();
    let _segments = segments(&dir);
    for (name, record, fingerprint) in
        [("robot", "Robot", Robot::FINGERPRINT), ("odd", "DriveOddOne", Odd::FINGERPRINT)]
    {
        let place = std::env::temp_dir().join(format!("shmrec-cli-code-{}-{name}", std::process::id()));
        std::fs::create_dir(&place).unwrap();
        std::fs::write(place.join("record.rs"), dir.must(&["schema", name, "--rust"])).unwrap();
        let main = format!(
            "#![deny(warnings)]\n#[allow(dead_code)] mod record;\nfn main() {{\n    println!(\"{{}}\", \
             <record::{record} as shmrec::SharedRecord>::FINGERPRINT);\n}}\n"
        );
        std::fs::write(place.join("main.rs"), main).unwrap();
        let outcome = compiled(&place);
        std::fs::remove_dir_all(&place).unwrap();
        assert_eq!(outcome, format!("{fingerprint}\n"), "{name}");
    }
}

/// What the program `main.rs` in `place` says, or the compiler.
fn compiled(place: &Path) -> String {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let compiler = Command::new(rustc)
        .args(["--edition=2024", "-o"])
        .arg(place.join("main"))
        .arg("-L")
        .arg(format!("dependency={}", libraries().display()))
        .arg("--extern")
        .arg(format!("shmrec={}", library("shmrec").display()))
        .arg(place.join("main.rs"))
        .output()
        .expect("a compiler");
    if !compiler.status.success() {
        return String::from_utf8_lossy(&compiler.stderr).into_owned();
    }
    let program = Command::new(place.join("main")).output().expect("the program runs");
    String::from_utf8_lossy(&program.stdout).into_owned()
}

#[test]
fn the_fingerprints_that_are_compared_are_those_of_the_segments() {
    let dir = Dir::new();
    let _segments = segments(&dir);
    for (name, schema) in [("robot", Schema::of::<Robot>()), ("odd", Schema::of::<Odd>())] {
        let all = dir.json(&["list", name, "--interval", "0"]);
        assert_eq!(all[0]["fingerprint"], schema.fingerprint().to_string());
    }
}

/// Reads both segments by the modules that the command wrote, and says what it finds.
const CHECK: &str = r#"
import importlib.util, sys

def module(name, path):
    spec = importlib.util.spec_from_file_location(name, path)
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded

place, segments = sys.argv[1], sys.argv[2]
robot = module("robot_record", place + "/robot.py")
version, r = robot.read(segments + "/shmrec.robot")
def text(value):
    return value["utf8"][:value["len"]].decode()
assert version == 1
assert r["serial"] == 7 and r["small"] == -3 and r["flag"] and chr(r["letter"]) == "\u00df"
assert int.from_bytes(r["big"].tobytes(), "little") == 2**128 - 2
assert text(r["name"]) == "arm\x1b[31m"
assert r["axes"]["position"].tolist() == [0.5, 2.5] and r["axes"][1]["limits"].tolist() == [-1.0, 1.0]
assert robot.Shape_NAMES[int(r["shape"]["tag"])] == "Polygon"
points = r["shape"]["Polygon"]["0"]
assert points["len"] == 2 and points["items"][1]["1"] == 4.0
assert robot.Level_NAMES[int(r["level"])] == "Low"
assert r["home"]["some"] == 1 and r["home"]["value"]["position"] == 9.0
assert r["tags"]["items"][:r["tags"]["len"]].tolist() == [4, 5]
assert [text(label) for label in r["labels"]["items"][:r["labels"]["len"]]] == ["a", "b b"]
assert r["pair"]["1"] == -1 and r["maybe"]["some"] == 1 and r["maybe"]["value"]["some"] == 0 and r["count"] == 1
assert r["took"]["secs"] == 1 and r["took"]["nanos"] == 5 and r["at"]["nanos"] == 500_000_000
assert bytes(r["ip"]["V6"]["0"]) == bytes(15) + b"\x01"
assert r["samples"].tolist() == [i / 4 for i in range(40)]

odd = module("odd_record", place + "/odd.py")
version, o = odd.read(segments + "/shmrec.odd")
assert o["type"] == 1 and o["gr\u00f6\u00dfe"] == 2 and o["a-b"] == 3 and o["a+b"] == 4 and o["self"] == 5
assert [int(kind["tag"]) for kind in o["kinds"]] == [-5, 300] and o["kinds"][1]["some-thing"]["1"] == 7
assert o["deep"]["value"]["2"] == 3.0 and o["outer"]["a"] == 10 and o["inner"]["b"] == 11
first = o["nested"]["items"][0]
assert o["nested"]["len"] == 2 and [text(t) for t in first["items"][:first["len"]]] == ["a", "bc"]
assert text(o["texts"]["0"]) == "five" and o["texts"]["1"]["items"][:2].tolist() == [1, 2] and o["one"]["0"] == 9
try:
    odd.read(segments + "/shmrec.robot")
    sys.exit("another record was not refused")
except ValueError as error:
    assert "another record" in str(error)
print("numpy has read both records")
"#;

#[test]
fn numpy_reads_a_segment_by_the_python_module() {
    let Some(python) = std::env::var_os("SHMREC_NUMPY") else {
        eprintln!("skipped: SHMREC_NUMPY names no interpreter that has numpy");
        return;
    };
    let dir = Dir::new();
    let _segments = segments(&dir);
    let place = dir.path().join("python");
    std::fs::create_dir(&place).unwrap();
    for name in ["robot", "odd"] {
        std::fs::write(place.join(format!("{name}.py")), dir.must(&["schema", name, "--python"])).unwrap();
    }
    let run = Command::new(python).args(["-B", "-c", CHECK]).arg(&place).arg(dir.path()).output().expect("python runs");
    let said = String::from_utf8_lossy(&run.stdout).into_owned() + &String::from_utf8_lossy(&run.stderr);
    assert_eq!(said, "numpy has read both records\n");
}
