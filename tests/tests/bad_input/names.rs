//! Names that no segment can have, and options that contradict themselves.

use shmrec::{CreateError, InvalidOptions, LinkError, NameProblem, RemoveError};
use shmrec_tests::directory::TestDir;
use shmrec_tests::records::Counter;

use super::ends;

/// Every operation that takes a name, and what each says is wrong with it.
fn problems(dir: &TestDir, name: &str) -> Vec<NameProblem> {
    let options = dir.options();
    let name = name.to_owned();
    ends("an operation with a bad name", move || {
        let name = name.as_str();
        let wait = std::time::Duration::from_secs(3600);
        let created = |outcome| match outcome {
            Err(CreateError::InvalidName(invalid)) => invalid.problem(),
            other => panic!("{name:?}: {other:?}"),
        };
        let linked = |outcome| match outcome {
            Err(LinkError::InvalidName(invalid)) => invalid.problem(),
            other => panic!("{name:?}: {other:?}"),
        };
        vec![
            created(options.create::<Counter>(name).map(drop)),
            created(options.create_with(name, &Counter::new(1)).map(drop)),
            linked(options.link::<Counter>(name).map(drop)),
            linked(options.reader::<Counter>(name).map(drop)),
            // Waiting does not make it better.
            linked(options.link_wait::<Counter>(name, wait).map(drop)),
            linked(options.reader_wait::<Counter>(name, wait).map(drop)),
            match options.create_or_link::<Counter>(name) {
                Err(shmrec::Error::Link(error)) => linked(Err(error)),
                other => panic!("{name:?}: {other:?}"),
            },
            match options.remove(name) {
                Err(RemoveError::InvalidName(invalid)) => invalid.problem(),
                other => panic!("{name:?}: {other:?}"),
            },
        ]
    })
}

#[test]
fn a_name_that_is_none_is_refused_with_the_exact_problem() {
    let dir = TestDir::new();
    let character = |character, at| NameProblem::Character { character, at };
    for (name, problem) in [
        ("", NameProblem::Empty),
        (&"x".repeat(201), NameProblem::TooLong { len: 201 }),
        (&"x".repeat(1 << 20), NameProblem::TooLong { len: 1 << 20 }),
        ("/", character('/', 0)),
        ("a/b", character('/', 1)),
        ("..", character('.', 0)),
        ("../up", character('.', 0)),
        ("a.b", character('.', 1)),
        ("x\0y", character('\0', 1)),
        ("two words", character(' ', 3)),
        (" ", character(' ', 0)),
        ("tail ", character(' ', 4)),
        ("line\n", character('\n', 4)),
        ("größe", character('ö', 2)),
        // Digits and letters, but not ASCII's.
        ("x٣", character('٣', 1)),
        ("a-b", character('-', 1)),
        ("a\\b", character('\\', 1)),
        ("%s", character('%', 0)),
        ("~", character('~', 0)),
        ("*", character('*', 0)),
        ("a:b", character(':', 1)),
        ("\u{202e}x", character('\u{202e}', 0)),
    ] {
        let problems = problems(&dir, name);
        assert!(problems.iter().all(|p| *p == problem), "{name:?}: {problems:?} where {problem:?} was expected");
    }
    assert!(dir.files().is_empty(), "{:?}", dir.files());
}

#[test]
fn the_message_names_the_character_and_its_place() {
    let dir = TestDir::new();
    let error = dir.options().create::<Counter>("robot pose").unwrap_err();
    let message = error.to_string();
    assert!(message.contains(r#""robot pose""#) && message.contains("' ' at byte 5"), "{message}");
    assert!(message.contains("A-Z a-z 0-9 _"), "{message}");
    // What is too long is not repeated at full length.
    let message = dir.options().link::<Counter>(&"long".repeat(10_000)).unwrap_err().to_string();
    assert!(message.len() < 500 && message.contains("40000"), "{message}");
}

#[test]
fn the_longest_name_and_the_shortest_are_names() {
    let dir = TestDir::new();
    for name in ["_", "0", "A", &"n".repeat(200)] {
        let segment = dir.options().create_with(name, &Counter::new(3)).unwrap();
        assert_eq!(segment.name(), name);
        assert_eq!(dir.options().reader::<Counter>(name).unwrap().read().unwrap(), Counter::new(3));
    }
    assert!(dir.files().is_empty());
}

#[test]
fn a_number_of_slots_that_is_none_is_refused_before_anything_is_made() {
    let dir = TestDir::new();
    for slots in [0, 1, 3, 5, 6, 255, 257, 512, 1 << 31, u32::MAX] {
        for outcome in [
            dir.options().slots(slots).create::<Counter>("slots"),
            dir.options().slots(slots).create_with("slots", &Counter::new(1)),
        ] {
            match outcome {
                Err(CreateError::InvalidOptions(invalid @ InvalidOptions::Slots { .. })) => {
                    assert_eq!(invalid, InvalidOptions::Slots { slots });
                    assert!(invalid.to_string().contains(&slots.to_string()), "{invalid}");
                }
                other => panic!("{slots} slots: {other:?}"),
            }
            assert!(dir.files().is_empty());
        }
    }
    for slots in [2, 4, 128, 256] {
        let segment = dir.options().slots(slots).create_with("slots", &Counter::new(9)).unwrap();
        assert_eq!((segment.slots(), segment.read().unwrap()), (slots, Counter::new(9)));
        // One who links takes what is there, whatever the options say.
        assert_eq!(dir.options().slots(3).link::<Counter>("slots").unwrap().slots(), slots);
    }
}
