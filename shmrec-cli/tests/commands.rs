//! Every subcommand, end to end against real segments, in text and in JSON.
//!
//! What is stored under `snapshots` is what the command wrote; times, process ids, users and directories are replaced.
#![cfg(target_os = "linux")]

#[path = "support/records.rs"]
mod records;
#[path = "support/mod.rs"]
mod support;

use std::os::unix::fs::{FileExt, PermissionsExt};
use std::process::{Command, Stdio};
use std::time::Duration;

use insta::assert_snapshot;
use records::{Robot, Room, Shape, robot, room};
use serde_json::json;
use shmrec::{Reader, Segment};
use support::{Dir, SHMREC, recording_of, until, until_longer};

/// What is another in every run, replaced.
fn stable(text: impl std::fmt::Display) -> String {
    let mut out = String::new();
    for line in text.to_string().lines() {
        let words: Vec<String> = line.split(' ').map(stable_word).collect();
        out.push_str(words.join(" ").trim_end());
        out.push('\n');
    }
    out
}

fn stable_word(word: &str) -> String {
    let digits = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
    // 2026-01-31T12:00:00.123Z, but not the time that stands in the record.
    if word.ends_with('Z') && word.starts_with("20") && word.len() > 18 {
        return "[TIME]".to_owned();
    }
    if digits(word) && word == std::process::id().to_string() {
        return "[PID]".to_owned();
    }
    word.to_owned()
}

/// The user's name of this process, as the command writes it, replaced in a table: its width is that of the name.
fn without_owner(dir: &Dir, text: &str) -> String {
    let owner = dir.json(&["list", "--interval", "0"])[0]["owner"]["name"].as_str().expect("a name").to_owned();
    let width = owner.len().max("OWNER".len());
    let column = format!("{owner:width$}");
    text.lines()
        .map(|line| {
            line.replacen(&format!("  {column}  "), "  OWNED  ", 1).replacen(
                &format!("  {:width$}  ", "OWNER"),
                "  OWNER  ",
                1,
            )
        })
        .fold(String::new(), |all, line| all + &line + "\n")
}

fn with_robot() -> (Dir, Segment<Robot>) {
    let dir = Dir::new();
    let segment = dir.options().create_with("robot", &robot()).unwrap();
    (dir, segment)
}

fn with_room() -> (Dir, Segment<Room>) {
    let dir = Dir::new();
    let segment = dir.options().slots(8).create_with("room", &room(1)).unwrap();
    (dir, segment)
}

#[test]
fn list_shows_every_state() {
    let (dir, _robot) = with_robot();
    drop(dir.options().persist(true).create::<Room>("never").unwrap());
    drop(dir.options().persist(true).create_with("spoilt", &room(1)).unwrap());
    std::fs::File::options().write(true).open(dir.file("spoilt")).unwrap().write_all_at(b"x", 100).unwrap();
    std::fs::write(dir.file("foreign"), b"something").unwrap();
    std::fs::set_permissions(dir.file("foreign"), PermissionsExt::from_mode(0o644)).unwrap();
    std::fs::write(dir.file("\u{1b}[31mred"), b"").unwrap();
    std::fs::set_permissions(dir.file("\u{1b}[31mred"), PermissionsExt::from_mode(0o644)).unwrap();
    let listed = dir.must(&["list", "--interval", "0"]);
    assert_snapshot!("list", without_owner(&dir, &listed));

    let mut all = dir.json(&["list", "--interval", "0"]);
    for one in all.as_array_mut().unwrap() {
        assert!(one["owner"]["uid"].is_u64());
        one["owner"] = json!("[OWNER]");
        one["file"] = json!(one["file"].as_str().unwrap().rsplit('/').next());
        if !one["creator"].is_null() {
            assert_eq!(one["creator"]["pid"], std::process::id());
            one["creator"] = json!("[CREATOR]");
        }
    }
    assert_snapshot!("list_json", format!("{all:#}"));
}

#[test]
fn list_says_how_often_a_segment_is_written_and_when_last() {
    let (dir, room_segment) = with_room();
    let _quiet = dir.options().create_with("quiet", &room(1)).unwrap();
    let end = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !end.load(std::sync::atomic::Ordering::Relaxed) {
                room_segment.write(&room(2)).unwrap();
                std::thread::sleep(Duration::from_millis(1));
            }
        });
        let all = dir.json(&["list"]);
        end.store(true, std::sync::atomic::Ordering::Relaxed);
        let (quiet, busy) = (&all[0], &all[1]);
        assert!(busy["writes_per_second"].as_f64().unwrap() > 0.0, "{busy}");
        assert!(busy["age"]["at_most_seconds"].as_f64().unwrap() > 0.0, "{busy}");
        assert_eq!(quiet["writes_per_second"], 0.0);
        assert!(quiet["age"]["more_than_seconds"].as_f64().unwrap() >= 0.4, "{quiet}");
    });
    let table = dir.must(&["ls", "quiet", "--long"]);
    let row = table.lines().nth(1).unwrap();
    assert!(row.contains("  >") && row.contains("[DIR]/shmrec.quiet"), "{table}");
}

#[test]
fn show_prints_a_line_for_each_value() {
    let (dir, _robot) = with_robot();
    assert_snapshot!("show", dir.must(&["show", "robot"]));
    assert_snapshot!("show_json", format!("{:#}", dir.json(&["show", "robot"])));
    assert_snapshot!("show_fields", dir.must(&["show", "robot", "axes[1]", "shape.Polygon", "home.limits[0]"]));
    assert_eq!(
        dir.json(&["show", "robot", "axes[1].limits", "level"]),
        json!({"name": "robot", "version": 1, "fields": {"axes[1].limits": [-1.0, 1.0], "level": "Low"}})
    );
    assert_eq!(dir.must(&["show", "robot", "samples", "--all"]).matches(", ").count(), 39);
}

#[test]
fn show_gives_older_versions_while_they_are_there() {
    let (dir, segment) = with_room();
    for level in 2..=9 {
        segment.write(&room(level)).unwrap();
    }
    assert_eq!(dir.must(&["show", "room", "level", "--version", "5"]), "level  5\n");
    assert_snapshot!("show_gone", dir.run(&["show", "room", "--version", "1"]));
}

#[test]
fn get_prints_values_alone() {
    let (dir, _robot) = with_robot();
    for (path, text, json) in [
        ("robot.serial", "7", json!(7)),
        ("robot.big", "340282366920938463463374607431768211454", json!("340282366920938463463374607431768211454")),
        ("robot.letter", "'ß'", json!("ß")),
        // To a pipe, as it is.
        ("robot.name", "arm\u{1b}[31m", json!("arm\u{1b}[31m")),
        ("robot.axes[1].limits[0]", "-1.0", json!(-1.0)),
        ("robot.shape", "Polygon([(1.0, 2.0), (3.0, 4.0)])", json!({"Polygon": [[1.0, 2.0], [3.0, 4.0]]})),
        ("robot.maybe", "Some(None)", json!({"Some": null})),
        ("robot.home.position", "9.0", json!(9.0)),
        ("robot.took", "1.000000005s", json!("1.000000005s")),
        ("robot.at", "1970-01-01T00:00:01.5Z", json!("1970-01-01T00:00:01.5Z")),
        ("robot.ip", "V6(::1)", json!({"V6": "::1"})),
    ] {
        assert_eq!(dir.must(&["get", path]), format!("{text}\n"), "{path}");
        assert_eq!(dir.json(&["get", path]), json, "{path}");
    }
    assert_eq!(dir.must(&["get", "robot.level", "robot.tags"]), "Low\n[4, 5]\n");
    assert_eq!(dir.json(&["get", "robot.level", "robot.tags[1]"]), json!({"robot.level": "Low", "robot.tags[1]": 5}));
}

#[test]
fn what_get_prints_set_reads_back() {
    let (dir, segment) = with_robot();
    let paths = [
        "serial", "big", "small", "flag", "letter", "axes", "shape", "level", "home", "tags", "labels", "pair",
        "maybe", "count", "took", "at", "ip", "peer", "samples",
    ];
    for path in paths {
        let target = format!("robot.{path}");
        let text = dir.must(&["get", &target]);
        dir.must(&["set", &format!("{target}={}", text.trim_end())]);
        let json = dir.json(&["get", &target]).to_string();
        dir.must(&["set", &format!("{target}={json}")]);
    }
    assert_eq!(segment.read().unwrap(), robot());
    assert_eq!(segment.version().get(), 1 + 2 * paths.len() as u64);
    let whole = dir.json(&["show", "robot"])["record"].to_string();
    dir.must(&["set", &format!("robot={whole}")]);
    assert_eq!(segment.read().unwrap(), robot());
}

#[test]
fn set_writes_several_fields_as_one_version() {
    let (dir, segment) = with_robot();
    let out = dir.json(&[
        "set",
        "robot.serial=0x10",
        "robot.name=two words",
        "robot.axes[0].limits=[0; 2]",
        "robot.home=none",
        "robot.shape=Circle { radius: 2 }",
        "robot.tags=[]",
        "robot.at=@0",
    ]);
    assert_eq!(out, json!({"name": "robot", "version": 2}));
    let mut expected = robot();
    (expected.serial, expected.name, expected.home) = (16, "two words".into(), None);
    expected.axes[0].limits = [0.0, 0.0];
    (expected.shape, expected.tags, expected.at) = (Shape::Circle { radius: 2.0 }, vec![], std::time::UNIX_EPOCH);
    assert_eq!(segment.read().unwrap(), expected);
    assert_eq!(dir.must(&["set", "robot.serial=17"]), "", "piped, there is nothing to say");
}

#[test]
fn a_refused_value_writes_nothing() {
    let (dir, segment) = with_robot();
    let mut said = String::new();
    for assignment in [
        "robot.small=128",
        "robot.serial=-1",
        "robot.serial=seven",
        "robot.flag=yes",
        "robot.letter=ab",
        "robot.name=more than twelve",
        "robot.level=Hgih",
        "robot.shape=Circle { radios: 1 }",
        "robot.tags=[1, 2, 3, 4, 5]",
        "robot.tags=[1, x]",
        "robot.labels=[\"a\", \"far too long\"]",
        "robot.axes=[]",
        "robot.home={ position: 1 }",
        "robot.count=0",
        "robot.took=5",
        "robot.at=tomorrow",
        "robot.ip=127.0.0.1",
        "robot.sreial=1",
        "robot.axes[2].position=1",
        "robot.shape.Circle.radius=1",
        "robto.serial=1",
        "robot={}",
    ] {
        let run = dir.run(&["set", assignment]);
        assert!(matches!(run.code, 3 | 4) && run.out.is_empty(), "{assignment}: {run:?}");
        said.push_str(&format!("$ shmrec set '{assignment}'\n{run}\n"));
        // Beside one that would be fine.
        assert_ne!(dir.run(&["set", "robot.serial=8", assignment]).code, 0);
    }
    assert_snapshot!("set_refused", said);
    assert_eq!((segment.version().get(), segment.read().unwrap()), (1, robot()));
}

#[test]
fn set_waits_for_the_lock_no_longer_than_it_is_told_and_says_who_has_it() {
    let (dir, segment) = with_room();
    let guard = segment.lock().unwrap();
    let run = dir.run(&["set", "room.level=3", "--timeout", "50ms"]);
    assert_eq!(run.code, 6);
    assert!(run.err.contains(&format!("process {} has the lock", std::process::id())), "{}", run.err);
    drop(guard);
    assert_eq!(segment.version().get(), 1);
    dir.must(&["set", "room.level=3"]);
    assert_eq!(segment.read().unwrap().level, 3);
}

#[test]
fn a_record_that_was_never_written_is_written_whole_or_not_at_all() {
    let dir = Dir::new();
    let segment = dir.options().create::<Room>("empty").unwrap();
    assert_snapshot!("set_unwritten", dir.run(&["set", "empty.level=3"]));
    assert_snapshot!("show_unwritten", dir.run(&["show", "empty"]));
    dir.must(&["set", "empty={ name: \"attic\", target: 1, level: 2 }"]);
    assert_eq!(segment.read().unwrap(), Room { name: "attic".into(), target: 1.0, level: 2 });
}

#[test]
fn schema_says_what_a_record_is_made_of() {
    let (dir, _robot) = with_robot();
    assert_snapshot!("schema", dir.must(&["schema", "robot"]));
    let document = dir.must(&["schema", "robot", "--json"]);
    assert_eq!(shmrec::schema::Schema::parse(document.trim_end()).unwrap(), shmrec::schema::Schema::of::<Robot>());
    let header = dir.must(&["schema", "robot", "--c"]);
    assert_eq!(header.trim_end(), shmrec::schema::Schema::of::<Robot>().to_c().trim_end());
    assert_snapshot!("schema_rust", dir.must(&["schema", "robot", "--rust"]));
    assert_snapshot!("schema_python", dir.must(&["schema", "robot", "--python"]));
}

#[test]
fn history_prints_the_versions_that_are_left() {
    let (dir, segment) = with_room();
    for level in 2..=9 {
        segment.write(&room(level)).unwrap();
    }
    assert_snapshot!("history", dir.must(&["history", "room"]));
    assert_snapshot!("history_changes", dir.must(&["history", "room", "--changes"]));
    assert_snapshot!("history_json", dir.must(&["history", "room", "level", "target", "--json"]));
}

#[test]
fn watch_prints_a_line_for_each_version_and_counts_those_it_missed() {
    let (dir, segment) = with_room();
    let watching = dir.start(&["watch", "room", "--count", "3", "--json"]);
    // Only when a version was seen is the next one written: no test is about how fast that is.
    let mut lines = String::new();
    let mut watching = watching;
    let mut out = std::io::BufReader::new(watching.0.stdout.take().unwrap());
    let mut line = || {
        let mut line = String::new();
        std::io::BufRead::read_line(&mut out, &mut line).unwrap();
        let mut line: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert!(line["time"].as_str().unwrap().starts_with("20"));
        line["time"] = json!("[TIME]");
        line
    };
    lines.push_str(&format!("{}\n", line()));
    segment.write(&room(2)).unwrap();
    lines.push_str(&format!("{}\n", line()));
    for level in 3..=20 {
        segment.write(&room(level)).unwrap();
    }
    let last = line();
    assert!(last["version"].as_u64().unwrap() - last["missed"].as_u64().unwrap() == 3, "{last}");
    assert_snapshot!("watch_json", lines);
    let status = watching.0.wait().unwrap();
    assert!(status.success());
}

#[test]
fn watch_shows_only_what_changes_if_so_asked() {
    let dir = Dir::new();
    let segment = dir.options().slots(16).create_with("robot", &robot()).unwrap();
    let watching = dir.start(&["watch", "robot", "axes", "serial", "shape", "--changes", "--count", "4"]);
    let mut changed = robot();
    // Each change is written again until it is seen: the watcher begins when it begins.
    let seen = std::sync::atomic::AtomicBool::new(false);
    let run = std::thread::scope(|scope| {
        scope.spawn(|| {
            while !seen.load(std::sync::atomic::Ordering::Relaxed) {
                changed.axes[1].position += 1.0;
                changed.letter = if changed.letter == 'a' { 'b' } else { 'a' };
                segment.write(&changed).unwrap();
                std::thread::sleep(Duration::from_millis(20));
            }
        });
        let run = watching.finish(&dir);
        seen.store(true, std::sync::atomic::Ordering::Relaxed);
        run
    });
    assert_eq!(run.code, 0, "{run}");
    let lines: Vec<&str> = run.out.lines().collect();
    assert!(lines[0].contains("axes=[Axis {") && lines[0].contains("serial=7"), "{run}");
    for line in &lines[1..] {
        assert!(line.contains("  axes[1].position=") && !line.contains("serial") && !line.contains("letter"), "{line}");
    }
}

#[test]
fn watch_ends_when_it_is_told_when_nothing_comes_and_when_the_segment_goes() {
    let (dir, segment) = with_room();
    let run = dir.run(&["watch", "room", "level", "--timeout", "50ms"]);
    assert_eq!((run.code, run.err.as_str()), (6, "shmrec: room: no version came within 50ms\n"));

    let mut watching = dir.start(&["watch", "room", "--interval", "1ms"]);
    assert!(watching.line().contains("v1"));
    watching.interrupt();
    let run = watching.finish(&dir);
    assert_eq!((run.code, run.err.as_str()), (0, ""), "{run}");

    let mut watching = dir.start(&["watch", "room", "level"]);
    assert!(watching.line().contains("level="));
    // It is no user, and keeps nothing alive.
    assert_eq!(segment.users().unwrap(), 1);
    drop(segment);
    let run = watching.finish(&dir);
    assert_eq!(run.code, 3);
    assert!(run.err.contains("the segment has gone"), "{}", run.err);
}

#[test]
fn watch_waits_for_a_segment_and_for_the_next_of_its_name() {
    let dir = Dir::new();
    let mut watching = dir.start(&["watch", "room", "level", "--wait", "--count", "2"]);
    // There until it was seen, for which the watcher need not be fast.
    let segment = dir.options().create_with("room", &room(1)).unwrap();
    assert!(watching.line().ends_with("level=1"));
    drop(segment);
    let _segment = dir.options().create_with("room", &room(2)).unwrap();
    let run = watching.finish(&dir);
    assert_eq!(run.code, 0, "{run}");
    assert!(run.out.lines().last().unwrap().ends_with("level=2"), "{run}");
}

#[test]
fn a_reader_that_goes_ends_the_watch_without_a_word() {
    let (dir, segment) = with_room();
    let mut watching = dir.start(&["watch", "room"]);
    drop(watching.0.stdout.take());
    let mut level = 0_u8;
    until("it notices", || {
        level = level.wrapping_add(1);
        segment.write(&room(level)).unwrap();
        watching.0.try_wait().unwrap().is_some()
    });
    let run = watching.finish(&dir);
    assert_eq!((run.code, run.err.as_str()), (1, ""));
}

#[test]
fn a_recording_is_replayed_with_its_versions_and_pauses() {
    let (dir, segment) = with_room();
    let path = dir.path().join("room.rec");
    let recording = recording_of(&dir, "room", &path, "3");
    let mut len = 0;
    for level in 2..=3 {
        // The pause that a replay is to keep.
        std::thread::sleep(Duration::from_millis(100));
        len = until_longer(&path, len);
        segment.write(&room(level)).unwrap();
    }
    let run = recording.finish(&dir);
    let file = path.to_str().unwrap();
    assert_eq!(run.code, 0, "{run}");
    assert!(run.out.starts_with("3 versions, 0 missed, "), "{run}");
    let again = dir.run(&["record", "room", file, "--count", "1"]);
    assert!(again.code == 1 && again.err.contains("--force"), "{again}");

    // To a segment of its own, which goes with it.
    let run = dir.run(&["replay", file, "copy", "--speed", "2", "--json"]);
    let summary: serde_json::Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(summary["versions"], 3);
    assert!(summary["seconds"].as_f64().unwrap() > 0.05, "the pauses are kept: {summary}");
    assert!(!dir.file("copy").exists());
    // To one that stays.
    dir.must(&["replay", file, "kept", "--fast", "--persist", "--mode", "0640"]);
    assert_eq!(std::fs::metadata(dir.file("kept")).unwrap().permissions().mode() & 0o777, 0o640);
    assert_eq!(Reader::<Room>::read(&dir.options().reader("kept").unwrap()).unwrap(), room(3));
    // To one that is there, of another record.
    let _robot = dir.options().create_with("robot", &robot()).unwrap();
    let run = dir.run(&["replay", file, "robot", "--fast"]);
    assert!(run.code == 4 && run.err.contains("another record"), "{run}");
    // What was cut off is left out.
    let len = std::fs::metadata(file).unwrap().len();
    std::fs::File::options().write(true).open(file).unwrap().set_len(len - 3).unwrap();
    let run = dir.run(&["replay", file, "kept", "--fast"]);
    assert_eq!((run.code, run.out.as_str()), (0, "2 versions published\n"));
    assert!(run.err.contains("its last version was cut off"), "{run}");
    for (file, code) in [("/dev/null", 1), ("/nowhere/file", 3)] {
        assert_eq!(dir.run(&["replay", file, "copy"]).code, code, "{file}");
    }
}

#[test]
fn remove_removes_what_nobody_uses() {
    let (dir, segment) = with_room();
    let run = dir.run(&["remove", "room"]);
    assert_eq!(run.code, 1);
    assert!(run.err.contains(&format!("they are in the processes {}", std::process::id())), "{run}");
    drop(segment);
    drop(dir.options().persist(true).create::<Room>("kept").unwrap());
    assert_eq!(dir.must(&["rm", "kept"]), "removed kept\n");
    assert_snapshot!("remove_unknown", dir.run(&["remove", "kept"]));
    drop(dir.options().persist(true).create::<Room>("kept").unwrap());
    assert_eq!(dir.json(&["remove", "kept"]), json!({"removed": "kept"}));
}

/// A publisher that is killed: `replay` of a recording of `room`.
fn killed_publisher(dir: &Dir, name: &str) {
    let segment = dir.options().create_with("source", &room(5)).unwrap();
    let file = dir.path().join("source.rec");
    let path = file.to_str().unwrap();
    dir.must(&["record", "source", path, "--count", "1"]);
    let mut bytes = std::fs::read(&file).unwrap();
    // The same version once more, an hour later.
    let frame = bytes.len() - (24 + <Room as shmrec::SharedField>::SIZE);
    let mut last = bytes[frame..].to_vec();
    last[8..16].copy_from_slice(&3_600_000_000_000_u64.to_le_bytes());
    bytes.extend(last);
    std::fs::write(&file, bytes).unwrap();
    let publisher = dir.start(&["replay", path, name]);
    until("it publishes", || {
        dir.options().observe(true).dyn_reader(name).is_ok_and(|reader| reader.version().get() == 1)
    });
    publisher.kill();
    drop(segment);
    std::fs::remove_file(&file).unwrap();
}

#[test]
fn doctor_explains_and_mends() {
    let dir = Dir::new();
    killed_publisher(&dir, "left");
    let _alive = dir.options().create_with("alive", &room(1)).unwrap();
    drop(dir.options().persist(true).create_with("kept", &room(1)).unwrap());
    drop(dir.options().persist(true).create_with("spoilt", &room(1)).unwrap());
    std::fs::File::options().write(true).open(dir.file("spoilt")).unwrap().write_all_at(b"x", 100).unwrap();
    std::fs::write(dir.file("taken"), b"not a segment").unwrap();
    let wrong = dir.options().create_with("wrong", &robot()).unwrap();
    let flag = <Robot as shmrec::SharedRecord>::RECORD.fields.iter().find(|field| field.name == "flag").unwrap().offset;
    let header = std::fs::read(dir.file("wrong")).unwrap();
    let at = |at: usize| u64::from_le_bytes(header[at..at + 8].try_into().unwrap());
    let slot = at(96) + at(48);
    std::fs::File::options()
        .write(true)
        .open(dir.file("wrong"))
        .unwrap()
        .write_all_at(&[2], slot + flag as u64)
        .unwrap();

    // Without --fix nothing is changed.
    let files = || {
        let mut files: Vec<_> = std::fs::read_dir(dir.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
        files.sort();
        files
    };
    let before = files();
    let told = dir.run(&["doctor"]);
    assert_eq!((told.code, files()), (7, before));
    assert_snapshot!("doctor", doctored(&told.to_string()));
    let show = dir.run(&["show", "wrong", "serial", "flag"]);
    assert_snapshot!("show_invalid", show);
    assert_eq!(dir.run(&["show", "spoilt"]).code, 1);
    let json = dir.run(&["doctor", "--json", "left", "spoilt"]);
    assert_snapshot!(
        "doctor_json",
        doctored(&format!("{:#}", serde_json::from_str::<serde_json::Value>(&json.out).unwrap()))
    );

    let mended = dir.run(&["doctor", "--fix"]);
    assert_eq!(mended.code, 7, "what is another program's stays");
    assert_snapshot!("doctor_fix", doctored(&mended.to_string()));
    let left: Vec<_> = files();
    assert_eq!(left, ["shmrec.alive", "shmrec.kept", "shmrec.taken", "shmrec.wrong"].map(std::ffi::OsString::from));
    drop(wrong);
}

/// Without process ids, users and ages.
fn doctored(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("(created by process ") {
        let (before, behind) = rest.split_at(at);
        out.push_str(before);
        let end = behind.find([';', ')']).unwrap();
        out.push_str("(created by …");
        rest = &behind[end..];
    }
    out.push_str(rest);
    let mut lines: Vec<String> = out.lines().map(str::to_owned).collect();
    for line in &mut lines {
        if let Some(at) = line.find("is another program's file, of ") {
            line.truncate(at + "is another program's file, of ".len());
            line.push_str("[OWNER]");
        }
    }
    lines.join("\n") + "\n"
}

#[test]
fn doctor_says_who_keeps_a_lock_and_that_a_dead_owner_is_nobody_s_trouble() {
    let dir = Dir::new();
    let segment = dir.options().create_with("locked", &room(1)).unwrap();
    let guard = segment.lock().unwrap();
    let run = dir.run(&["doctor", "locked"]);
    assert_eq!(run.code, 0, "it may be meant so: {run}");
    assert!(run.out.contains(&format!("locked: lock: process {} (", std::process::id())), "{run}");
    drop(guard);
    assert_eq!(dir.must(&["doctor"]), "1 segment examined, 0 problems\n");
}

#[test]
fn unknown_names_and_fields_are_answered_with_the_nearest() {
    let (dir, _robot) = with_robot();
    let mut said = String::new();
    for arguments in [
        &["show", "robto"][..],
        &["show", "something_else"],
        &["get", "robot.serail"],
        &["get", "robot.axes[1].limit"],
        &["get", "robot.axes[2]"],
        &["get", "robot.tags[3]"],
        &["get", "robot.shape.Circle.radius"],
        &["get", "robot.axes["],
        &["schema", "rboot"],
        &["watch", "robo"],
        &["doctor", "robott"],
        &["list", "rob"],
    ] {
        let run = dir.run(arguments);
        assert_eq!((run.code, run.out.as_str()), (3, ""), "{arguments:?}: {run}");
        said.push_str(&format!("$ shmrec {}\n{run}\n", arguments.join(" ")));
    }
    assert_snapshot!("unknown", said);
    for arguments in [
        &["get", "../etc.x"][..],
        &["get"],
        &["set", "robot.x"],
        &["frobnicate"],
        &["show", "a-b"],
        &["watch", "robot", "--interval", "5"],
    ] {
        assert_eq!(dir.run(arguments).code, 2, "{arguments:?}");
    }
    let empty = Dir::new();
    assert_snapshot!("unknown_nowhere", empty.run(&["show", "robot"]));
    let nowhere = dir.run(&["list", "--dir", "/nowhere"]);
    assert!(nowhere.code == 3 && nowhere.err.contains("/nowhere"), "{nowhere}");
    assert_eq!(dir.must(&["list", "--dir", empty.path().to_str().unwrap()]), "");
}

#[test]
fn colours_are_for_terminals_and_for_those_who_ask() {
    let (dir, _robot) = with_robot();
    let plain = dir.must(&["list", "--interval", "0"]);
    assert!(!plain.contains('\u{1b}'));
    let coloured = dir.must(&["list", "--interval", "0", "--color", "always"]);
    assert!(coloured.contains("\u{1b}[32mhealthy\u{1b}[0m"), "{coloured:?}");
    let without = |text: &str| {
        let mut out = String::new();
        let mut escape = false;
        for c in text.chars() {
            match c {
                '\u{1b}' => escape = true,
                'm' if escape => escape = false,
                _ if !escape => out.push(c),
                _ => {}
            }
        }
        out
    };
    assert_eq!(without(&coloured), plain, "colours change no column");
    for arguments in [&["show", "robot"][..], &["schema", "robot"], &["history", "robot"]] {
        assert!(!dir.must(arguments).contains('\u{1b}'), "{arguments:?} writes what others have written");
    }
}

#[test]
fn what_another_user_may_not_read_says_whose_it_is() {
    let me = Command::new("id").arg("-u").output().unwrap();
    if me.stdout != b"0\n" {
        eprintln!("skipped: what_another_user_may_not_read_says_whose_it_is needs root, to become another user");
        return;
    }
    let (dir, _room) = with_room();
    let place = std::env::temp_dir().join(format!("shmrec-cli-as-user-{}", std::process::id()));
    std::fs::create_dir(&place).unwrap();
    std::fs::set_permissions(&place, PermissionsExt::from_mode(0o755)).unwrap();
    let program = place.join("shmrec");
    assert!(Command::new("cp").arg(SHMREC).arg(&program).status().unwrap().success());
    let run = |arguments: &[&str]| {
        let mut command = Command::new("setpriv");
        command.args(["--reuid", "65534", "--regid", "65534", "--clear-groups"]).arg(&program).args(arguments);
        dir.finished(command.env("SHMREC_DIR", dir.path()).stdin(Stdio::null()).output().unwrap())
    };
    let (show, set, list) = (run(&["show", "room"]), run(&["set", "room.level=3"]), run(&["list", "--interval", "0"]));
    std::fs::set_permissions(dir.file("room"), PermissionsExt::from_mode(0o666)).unwrap();
    let readable = run(&["get", "room.level"]);
    let untrusted = run(&["doctor", "--fix"]);
    std::fs::remove_dir_all(&place).unwrap();
    assert_snapshot!("denied", format!("{show}\n{set}\n{list}"));
    assert_eq!((readable.code, readable.out.as_str()), (0, "1\n"));
    assert_eq!(untrusted.code, 0, "{untrusted}");
}

#[test]
fn system_v_segments_are_found_by_name_and_by_key() {
    let dir = Dir::new();
    // A key that no other test of any process has now.
    let number = 0x6d00_0000 | (std::process::id() & 0xff_ffff) as i32;
    let options = dir.options().key(shmrec::Key::raw(number).unwrap());
    let segment = options.create_with("keyed", &room(3)).unwrap();
    let key = format!("{number:#010x}");
    assert_eq!(dir.must(&["get", "keyed.level"]), "3\n");
    assert_eq!(dir.must(&["get", "keyed.level", "--key", &key]), "3\n");
    dir.must(&["set", "keyed.level=4"]);
    assert_eq!(segment.read().unwrap().level, 4);
    let all = dir.json(&["list", "--interval", "0"]);
    assert_eq!((&all[0]["name"], &all[0]["key"], &all[0]["state"]), (&json!("keyed"), &json!(key), &json!("healthy")));
    assert_eq!(dir.must(&["doctor"]), "1 segment examined, 0 problems\n");
    let other = dir.run(&["get", "other.level", "--key", &key]);
    assert!(other.code != 0 && other.err.contains("keyed"), "{other}");
    drop(segment);
    assert_eq!(dir.run(&["show", "keyed"]).code, 3);
}

#[test]
fn completions_are_a_script_of_the_shell() {
    let dir = Dir::new();
    for (shell, words) in [("bash", "complete -F"), ("zsh", "#compdef shmrec"), ("fish", "complete -c shmrec")] {
        let script = dir.must(&["completions", shell]);
        assert!(script.contains(words) && script.contains("doctor"), "{shell}");
    }
    assert!(
        Command::new("bash").arg("-n").arg("-c").arg(dir.must(&["completions", "bash"])).status().unwrap().success()
    );
}

#[test]
fn help_lists_the_exit_codes() {
    let dir = Dir::new();
    assert_snapshot!("help", stable(dir.must(&["--help"])));
    assert_eq!(dir.run(&["top"]).code, 2, "not without a terminal");
}
