//! The command on Windows: segments in memory, in files, and what differs there.
#![cfg(windows)]

#[path = "support/records.rs"]
mod records;
#[path = "support/mod.rs"]
mod support;

use records::{Room, robot, room};
use serde_json::json;
use support::{Dir, recording_of, until, until_longer};

#[test]
fn segments_in_memory_and_in_files_are_listed_with_their_users() {
    let dir = Dir::new();
    let robot = dir.options().create_with("robot", &robot()).unwrap();
    let _room = dir.options().create_with("Room", &room(1)).unwrap();
    drop(dir.options().persist(true).create_with("kept", &room(3)).unwrap());
    drop(dir.options().persist(true).create_with("Kept", &room(4)).unwrap());
    std::fs::write(dir.file("foreign"), b"not a segment").unwrap();
    let second = dir.options().link::<records::Robot>("robot").unwrap();

    let all = dir.json(&["list", "--interval", "0"]);
    let of = |key: &str| all.as_array().unwrap().iter().map(|found| found[key].clone()).collect::<Vec<_>>();
    assert_eq!(of("name"), ["Kept", "Room", "foreign", "kept", "robot"], "{all:#}");
    assert_eq!(of("state"), ["unused", "healthy", "foreign", "unused", "healthy"], "{all:#}");
    assert_eq!(of("users"), [json!(0), json!(1), json!(null), json!(0), json!(2)], "{all:#}");
    assert_eq!(of("persist"), [json!(true), json!(false), json!(null), json!(true), json!(false)], "{all:#}");
    assert_eq!((all[4]["mode"].as_str(), all[4]["record"].as_str()), (Some("0600"), Some("Robot")), "{all:#}");
    assert_eq!(all[4]["creator"]["pid"], std::process::id());

    // Those who looked have gone, and so does what is only in memory.
    assert_eq!(robot.users().unwrap(), 2);
    drop((robot, second));
    let names = dir.json(&["list", "--interval", "0"]);
    assert!(names.as_array().unwrap().iter().all(|found| found["name"] != "robot"), "{names:#}");
    assert_eq!(dir.run(&["get", "robot.serial"]).code, 3);
}

#[test]
fn values_are_shown_written_and_remembered() {
    let dir = Dir::new();
    let segment = dir.options().slots(8).create_with("Room", &room(1)).unwrap();
    assert_eq!(dir.must(&["get", "Room.level", "Room.name"]).lines().collect::<Vec<_>>(), ["1", "kitchen"]);
    dir.must(&["set", "Room.level=7", "Room.target=-3"]);
    let written = segment.read().unwrap();
    assert_eq!((written.level, written.target), (7, -3.0));
    let run = dir.run(&["set", "Room.level=256"]);
    assert_eq!((run.code, segment.read().unwrap().level), (4, 7), "{run}");
    assert!(dir.must(&["show", "Room"]).contains("kitchen"));
    assert_eq!(dir.must(&["history", "Room", "level"]).lines().count(), 2);
    assert!(dir.must(&["schema", "Room", "--rust"]).contains("struct Room"));
    assert!(dir.must(&["schema", "Room", "--c"]).contains("level"));
    assert!(dir.must(&["completions", "powershell"]).contains("Register-ArgumentCompleter"));
    let run = dir.run(&["get", "Room.level", "--key", "0x4e545030"]);
    assert!(run.code != 0 && run.err.contains("this system does not have"), "{run}");
    // Nobody's in the list of all sessions.
    assert_eq!(dir.run(&["get", "Room.level", "--global"]).code, 3);
}

#[test]
fn a_watch_sees_each_version_is_no_user_and_ends_with_the_last_one() {
    let dir = Dir::new();
    let segment = dir.options().create_with("room", &room(1)).unwrap();
    let watch = || dir.start(&["watch", "room", "level"]);
    let mut watching = watch();
    assert!(watching.line().contains("level=1"));
    segment.write(&room(2)).unwrap();
    assert!(watching.line().contains("level=2"));
    // A second one, and neither takes the other for a user.
    let mut second = watch();
    assert!(second.line().contains("level=2"));
    assert_eq!(segment.users().unwrap(), 1);
    drop(segment);
    for watching in [watching, second] {
        let run = watching.finish(&dir);
        assert_eq!(run.code, 3, "{run}");
        assert!(run.err.contains("the segment has gone"), "{run}");
    }
    assert_eq!(dir.json(&["list", "--interval", "0"]), json!([]));
}

#[test]
fn a_recording_is_replayed() {
    let dir = Dir::new();
    let segment = dir.options().create_with("room", &room(1)).unwrap();
    let path = dir.path().join("room.rec");
    let recording = recording_of(&dir, "room", &path, "3");
    let mut len = 0;
    for level in 2..=3 {
        len = until_longer(&path, len);
        segment.write(&room(level)).unwrap();
    }
    let run = recording.finish(&dir);
    let file = path.to_str().unwrap();
    assert!(run.code == 0 && run.out.starts_with("3 versions, 0 missed, "), "{run}");
    dir.must(&["replay", file, "kept", "--fast", "--persist"]);
    assert_eq!(dir.options().reader::<Room>("kept").unwrap().read().unwrap(), room(3));
}

#[test]
fn what_nobody_uses_is_removed_and_what_is_used_is_not() {
    let dir = Dir::new();
    let segment = dir.options().persist(true).create_with("kept", &room(1)).unwrap();
    let run = dir.run(&["remove", "kept"]);
    assert!(run.code == 1 && run.err.contains("in use"), "{run}");
    drop(segment);
    assert_eq!(dir.must(&["remove", "kept"]), "removed kept\n");
    assert_eq!(dir.run(&["remove", "kept"]).code, 3);
    assert_eq!(dir.json(&["list", "--interval", "0"]), json!([]));
    assert!(dir.must(&["doctor"]).starts_with("0 segments examined"));
}

#[test]
fn a_killed_publisher_s_memory_is_gone_and_what_persists_is_whole() {
    let dir = Dir::new();
    let segment = dir.options().create_with("room", &room(1)).unwrap();
    let path = dir.path().join("room.rec");
    let file = path.to_str().unwrap();
    let recording = recording_of(&dir, "room", &path, "2");
    segment.write(&room(9)).unwrap();
    assert_eq!(recording.finish(&dir).code, 0);
    // At a tenth of a millionth of the speed it stays at the first version until it is killed.
    for arguments in [
        &["replay", file, "memory", "--speed", "0.0000001"][..],
        &["replay", file, "kept", "--speed", "0.0000001", "--persist"],
    ] {
        let publisher = dir.start(arguments);
        until("it has published", || dir.run(&["get", &format!("{}.level", arguments[2])]).code == 0);
        publisher.kill();
    }
    assert_eq!(dir.run(&["get", "memory.level"]).code, 3);
    assert_eq!(dir.must(&["get", "kept.level"]), "1\n");
    dir.must(&["set", "kept.level=5"]);
    assert_eq!(dir.must(&["get", "kept.level"]), "5\n");
    assert_eq!(dir.json(&["list", "--interval", "0"])[0]["state"], "unused");
}
