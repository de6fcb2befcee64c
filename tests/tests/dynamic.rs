//! Segments without a type: every field by its path, with the checks that the type would make.

use std::time::{Duration, SystemTime};

use shmrec::schema::{PathProblem, Schema};
use shmrec::{
    DynRecord, DynSegment, LinkError, ReadError, SharedField, SharedRecord, StoreErrorKind, Value, Version, WriteError,
};
use shmrec_tests::directory::TestDir;
use shmrec_tests::raw::RawSegment;

#[derive(SharedRecord, Clone, Debug, PartialEq)]
enum Shape {
    Nothing,
    Circle { radius: f64 },
    Polygon(#[record(capacity = 3)] Vec<(f32, f32)>),
}

#[derive(SharedRecord, Clone, Debug, PartialEq)]
#[repr(i8)]
enum Level {
    Low = -1,
    High = 1,
}

#[derive(SharedRecord, Clone, Debug, PartialEq)]
struct Axis {
    position: f64,
    limits: [f32; 2],
}

#[derive(SharedRecord, Clone, Debug, PartialEq)]
struct Robot {
    serial: u32,
    big: u128,
    small: i8,
    flag: bool,
    letter: char,
    #[record(capacity = 6)]
    name: String,
    axes: [Axis; 2],
    shape: Shape,
    level: Level,
    home: Option<Axis>,
    #[record(capacity = 4)]
    tags: Vec<u16>,
    pair: (u8, i64),
    count: std::num::NonZeroU16,
    took: Duration,
    at: SystemTime,
    ip: std::net::IpAddr,
}

fn robot() -> Robot {
    let axis = |n: f64| Axis { position: n, limits: [-1.0, 1.0] };
    Robot {
        serial: 7,
        big: u128::MAX - 1,
        small: -3,
        flag: true,
        letter: 'ß',
        name: "arm".into(),
        axes: [axis(0.5), axis(2.5)],
        shape: Shape::Polygon(vec![(1.0, 2.0), (3.0, 4.0)]),
        level: Level::Low,
        home: Some(axis(9.0)),
        tags: vec![4, 5],
        pair: (1, -1),
        count: std::num::NonZeroU16::MIN,
        took: Duration::new(1, 5),
        at: SystemTime::UNIX_EPOCH + Duration::from_millis(1500),
        ip: [127, 0, 0, 1].into(),
    }
}

#[test]
fn every_field_is_read_by_its_path_from_the_segment_and_from_a_record() {
    let dir = TestDir::new();
    let typed = dir.options().create_with("robot", &robot()).unwrap();
    let reader = dir.options().dyn_reader("robot").unwrap();
    let record = reader.read().unwrap();
    assert_eq!(record.version(), Version::new(1));
    record.check().unwrap();
    for (path, expected) in [
        ("serial", "7"),
        ("big", "340282366920938463463374607431768211454"),
        ("small", "-3"),
        ("flag", "true"),
        ("letter", "'ß'"),
        ("name", "\"arm\""),
        ("axes", "[Axis { position: 0.5, limits: [-1.0, 1.0] }, Axis { position: 2.5, limits: [-1.0, 1.0] }]"),
        ("axes[1].limits[0]", "-1.0"),
        ("shape", "Polygon([(1.0, 2.0), (3.0, 4.0)])"),
        ("shape.Polygon", "Polygon([(1.0, 2.0), (3.0, 4.0)])"),
        ("shape.Polygon.0[1].1", "4.0"),
        ("level", "Low"),
        ("home", "Some(Axis { position: 9.0, limits: [-1.0, 1.0] })"),
        ("home.limits[1]", "1.0"),
        ("tags[1]", "5"),
        ("pair", "(1, -1)"),
        ("pair.1", "-1"),
        ("count", "1"),
        ("took", "1.000000005s"),
        ("at", "@1.500000000"),
        ("ip", "V4(127.0.0.1)"),
        ("ip.V4.0", "127.0.0.1"),
    ] {
        assert_eq!(reader.get(path).unwrap().to_string(), expected, "{path} of the segment");
        assert_eq!(record.get(path).unwrap().to_string(), expected, "{path} of the record");
    }
    let whole = record.value().unwrap();
    assert_eq!(whole.field("axes").unwrap().element(1).unwrap().field("position"), Some(&Value::F64(2.5)));
    assert_eq!(reader.get("").unwrap(), whole);

    // The parts, one step at a time, are the whole.
    let names: Vec<String> = record.view().children().unwrap().map(|(name, _)| name).collect();
    assert_eq!(names, Robot::RECORD.fields.iter().map(|field| field.name).collect::<Vec<_>>());
    let (_, axes) = record.view().children().unwrap().nth(6).unwrap();
    let (name, second) = axes.children().unwrap().nth(1).unwrap();
    assert_eq!((name.as_str(), second.value().unwrap()), ("[1]", reader.get("axes[1]").unwrap()));
    assert!(axes.children().unwrap().nth(usize::MAX).is_none());
    drop(typed);
}

#[test]
fn types_and_views_are_found_by_path_as_values_are() {
    let dir = TestDir::new();
    let _typed = dir.options().create_with("robot", &robot()).unwrap();
    let record = dir.options().dyn_reader("robot").unwrap().read().unwrap();
    let schema = record.schema();
    for (path, ty) in [
        ("", "Robot"),
        ("serial", "u32"),
        ("axes[1].limits", "[f32; 2]"),
        ("shape.Polygon.0[1].1", "f32"),
        ("home", "Option<Axis>"),
        ("home.position", "f64"),
        ("tags[3]", "u16"),
        ("shape.Circle", "Circle"),
        ("ip.V4.0", "Ipv4Addr"),
    ] {
        assert_eq!(schema.type_at(path).unwrap().to_string(), ty, "{path}");
    }
    // What a schema says there may be is not always there.
    for (path, is_there) in
        [("axes[1].position", true), ("tags[1]", true), ("tags[3]", false), ("shape.Circle.radius", false)]
    {
        match record.view_at(path) {
            Ok(view) => assert_eq!(view.value().unwrap(), record.get(path).unwrap(), "{path}"),
            Err(error) => assert!(!is_there && matches!(error, ReadError::Path(_)), "{path}: {error}"),
        }
    }
    let variant = |path: &str| record.view_at(path).unwrap().variant().unwrap().map(|variant| variant.name.clone());
    assert_eq!((variant("shape").as_deref(), variant("level").as_deref()), (Some("Polygon"), Some("Low")));
    assert_eq!((variant("serial"), variant("")), (None, None));
    for path in ["serail", "tags[4]", "serial.x", "axes["] {
        assert!(schema.type_at(path).is_err() && record.view_at(path).is_err(), "{path}");
    }
}

#[test]
fn a_path_that_leads_nowhere_says_where_it_ends() {
    let dir = TestDir::new();
    let _typed = dir.options().create_with("robot", &robot()).unwrap();
    let reader = dir.options().dyn_reader("robot").unwrap();
    let record = reader.read().unwrap();
    for (path, at, words) in [
        ("serail", "", "the record has no field \"serail\": did you mean \"serial\"?"),
        ("colour", "", "the record has no field \"colour\""),
        ("axes[1].limit", "axes[1]", "field \"axes[1]\" has no field \"limit\": did you mean \"limits\"?"),
        ("serial.x", "serial", "field \"serial\" is a u32, which has no field \"x\""),
        ("serial[0]", "serial", "field \"serial\" is a u32, which has no elements"),
        ("axes[2]", "axes", "field \"axes\" has 2 elements and none with the index 2"),
        ("tags[2]", "tags", "field \"tags\" has 2 elements and none with the index 2"),
        ("tags[9]", "tags", "field \"tags\" has 4 elements and none with the index 9"),
        ("shape.Circle.radius", "shape", "field \"shape\" is not \"Circle\" at the moment"),
        ("shape.circle", "shape", "field \"shape\" has no field \"circle\": did you mean \"Circle\"?"),
        ("", "", ""),
        ("axes[", "axes[", "the path \"axes[\" is wrong at byte 5: expected `]`"),
        ("axes[x]", "axes[x]", "the path \"axes[x]\" is wrong at byte 5: expected the index of an element"),
        ("axes[+1]", "axes[+1]", "the path \"axes[+1]\" is wrong at byte 5: expected the index of an element"),
        ("axes[99999999999999999999]", "axes[99999999999999999999]", "the path"),
        ("axes[1]limits", "axes[1]limits", "the path \"axes[1]limits\" is wrong at byte 7: expected `.` or `[`"),
        (".serial", ".serial", "the path \".serial\" is wrong at byte 0: expected a name"),
        ("axes..x", "axes..x", "the path \"axes..x\" is wrong at byte 5: expected a name"),
        ("home.", "home.", "the path \"home.\" is wrong at byte 5: expected a name"),
    ] {
        let outcome = (reader.get(path), record.get(path));
        if words.is_empty() {
            assert!(outcome.0.is_ok() && outcome.1.is_ok(), "{path:?}");
            continue;
        }
        for outcome in [outcome.0, outcome.1] {
            let Err(ReadError::Path(error)) = outcome else { panic!("{path:?} gave {outcome:?}") };
            assert_eq!(error.path(), at, "{path}");
            assert!(error.to_string().starts_with(words), "{path}: {error}");
        }
    }
    let segment = dir.options().dyn_link("robot").unwrap();
    segment.set("home", Value::Option(None)).unwrap();
    let Err(ReadError::Path(error)) = reader.get("home.position") else { panic!("nothing is there") };
    assert_eq!((error.path(), error.problem()), ("home", &PathProblem::None));
    let Err(WriteError::Path(error)) = segment.set("home.position", 1.0) else { panic!("nothing is there") };
    assert_eq!(error.problem(), &PathProblem::None);
}

#[test]
fn what_is_written_by_path_the_type_reads() {
    let dir = TestDir::new();
    let typed = dir.options().create_with("robot", &robot()).unwrap();
    let segment = dir.options().dyn_link("robot").unwrap();
    let mut expected = robot();

    let version = segment
        .set_all(&[
            ("serial", 8.into()),
            ("big", 5.into()),
            ("small", (-128).into()),
            ("flag", false.into()),
            ("letter", 'x'.into()),
            ("name", "legs".into()),
            ("axes[1].limits", vec![0.0, 2.0].into()),
            ("axes[0].position", 4.into()),
            ("shape.Polygon.0[0].1", 8.0.into()),
            ("level", "High".into()),
            ("home.position", 1.25.into()),
            ("tags", vec![1u16, 2, 3, 4].into()),
            ("pair.1", i64::MIN.into()),
            ("count", 65_535.into()),
            ("took", Duration::MAX.into()),
            ("at", SystemTime::UNIX_EPOCH.into()),
        ])
        .unwrap();
    assert_eq!(version, Version::new(2), "all in one version");
    expected.serial = 8;
    expected.big = 5;
    expected.small = -128;
    expected.flag = false;
    expected.letter = 'x';
    expected.name = "legs".into();
    expected.axes[1].limits = [0.0, 2.0];
    expected.axes[0].position = 4.0;
    expected.shape = Shape::Polygon(vec![(1.0, 8.0), (3.0, 4.0)]);
    expected.level = Level::High;
    expected.home.as_mut().unwrap().position = 1.25;
    expected.tags = vec![1, 2, 3, 4];
    expected.pair.1 = i64::MIN;
    expected.count = std::num::NonZeroU16::MAX;
    expected.took = Duration::MAX;
    expected.at = SystemTime::UNIX_EPOCH;
    assert_eq!(typed.read().unwrap(), expected);

    // Shorter than before: nothing of the old is left behind the new.
    segment.set_all(&[("tags", Value::List(vec![])), ("name", "".into()), ("shape", "Nothing".into())]).unwrap();
    (expected.tags, expected.name, expected.shape) = (vec![], String::new(), Shape::Nothing);
    let mut image = vec![0; Robot::SIZE];
    expected.store(&mut image).unwrap();
    let mut bytes = vec![0xff; Robot::SIZE];
    typed.read_bytes(0, &mut bytes).unwrap();
    assert_eq!(bytes, image);

    let circle = Value::Enum { variant: "Circle".into(), fields: vec![("radius".into(), 3.0.into())] };
    segment.update(|record| record.set("shape", circle)).unwrap();
    assert_eq!(typed.read().unwrap().shape, Shape::Circle { radius: 3.0 });

    // What was read of a variant can be written to it: the variant that is there, and no other.
    let there = segment.get("shape.Circle").unwrap();
    assert_eq!(there, Value::Enum { variant: "Circle".into(), fields: vec![("radius".into(), 3.0.into())] });
    segment.set("shape.Circle.radius", 4.0).unwrap();
    segment.set("shape.Circle", there.clone()).unwrap();
    assert_eq!(typed.read().unwrap().shape, Shape::Circle { radius: 3.0 });
    assert!(matches!(segment.set("shape.Polygon", there), Err(WriteError::Path(_) | WriteError::Read(_))));

    // The whole, by value and by image.
    let whole = segment.read().unwrap();
    segment.write(&whole.value().unwrap()).unwrap();
    assert_eq!(segment.read().unwrap().bytes(), whole.bytes());
    segment.write_image(whole.bytes()).unwrap();
    assert_eq!(segment.read().unwrap().bytes(), whole.bytes());
}

#[test]
fn what_does_not_fit_is_refused_by_the_name_of_its_field_and_nothing_is_published() {
    let dir = TestDir::new();
    let typed = dir.options().create_with("robot", &robot()).unwrap();
    let segment = dir.options().dyn_link("robot").unwrap();
    let list = |values: &[i32]| Value::List(values.iter().map(|value| (*value).into()).collect());
    let refused: Vec<(&str, Value, &str, &str)> = vec![
        ("serial", 4_294_967_296u64.into(), "serial", "a number within the range of `u32`"),
        ("serial", (-1).into(), "serial", "a number within the range of `u32`"),
        ("big", (-1).into(), "big", "a number within the range of `u128`"),
        ("small", 128.into(), "small", "a number within the range of `i8`"),
        ("small", (-129).into(), "small", "a number within the range of `i8`"),
        ("small", u128::MAX.into(), "small", "a number within the range of `i8`"),
        ("serial", 1.5.into(), "serial", "a value of `u32`, not a floating point number"),
        ("flag", 1.into(), "flag", "a value of `bool`, not an integer"),
        ("name", "too long".into(), "name", ""),
        ("axes[0].limits", list(&[1]), "axes[0].limits", "a list of 2 elements, not of 1"),
        ("axes[0].limits[1]", 1e300.into(), "axes[0].limits[1]", "a number within the range of `f32`"),
        ("tags", list(&[1, 2, 3, 4, 5]), "tags", ""),
        ("tags", list(&[1, 70_000]), "tags[1]", "a number within the range of `u16`"),
        ("level", "Middle".into(), "level", "a variant of `Level` (Low, High), not \"Middle\""),
        ("shape", "Circle".into(), "shape.Circle.radius", "a value for this field"),
        ("count", 0.into(), "count", "a number that is not 0"),
        (
            "pair",
            Value::Record { name: "()".into(), fields: vec![("2".into(), 1.into())] },
            "pair.2",
            "no field of this name",
        ),
        (
            "pair",
            Value::Record { name: "()".into(), fields: vec![("0".into(), 1.into())] },
            "pair.1",
            "a value for this field",
        ),
        ("shape.Polygon", 1.into(), "shape.Polygon", "the variant `Polygon` of `Shape`, not an integer"),
        ("", 1.into(), "", "a value of `Robot`, not an integer"),
    ];
    for (path, value, field, words) in refused {
        let outcome = segment.set_all(&[("serial", 1.into()), (path, value.clone())]);
        let Err(WriteError::Store(error)) = outcome else { panic!("{path} = {value} gave {outcome:?}") };
        assert_eq!(error.field(), field, "{path} = {value}");
        match error.kind() {
            StoreErrorKind::Unrepresentable { expected } => assert_eq!(expected, words, "{path} = {value}"),
            kind => assert!(words.is_empty(), "{path} = {value}: {kind:?}"),
        }
    }
    let spoilt: Vec<u8> = vec![0xff; Robot::SIZE];
    let Err(WriteError::Invalid(error)) = segment.write_image(&spoilt) else { panic!("no value") };
    assert_eq!(error.field(), "flag");
    assert!(matches!(segment.write_image(&spoilt[1..]), Err(WriteError::OutOfRange(_))));
    assert!(segment.update(|record| record.set("name", "fine").and_then(|()| record.set("flag", 3))).is_err());
    assert_eq!((typed.version(), typed.read().unwrap()), (Version::new(1), robot()), "nothing was published");
    // The lock was given back each time.
    assert!(typed.try_lock().is_ok());
}

#[test]
fn bytes_that_are_no_value_are_refused_as_the_type_refuses_them() {
    // The same words for the same bytes, whatever they are.
    let schema = Schema::of::<Robot>();
    let mut image = vec![0; Robot::SIZE];
    robot().store(&mut image).unwrap();
    let dir = TestDir::new();
    let segment = dir.options().dyn_create("robot", &schema).unwrap();
    let mut refused = 0;
    for at in 0..image.len() {
        for byte in [0, 1, 2, 3, 0x7f, 0x80, 0xff] {
            let mut changed = image.clone();
            changed[at] = byte;
            match (Robot::load(&changed), segment.write_image(&changed)) {
                (Ok(_), Ok(_)) => {}
                (Err(typed), Err(WriteError::Invalid(dynamic))) => {
                    assert_eq!(typed, dynamic, "byte {at} is {byte}");
                    refused += 1;
                }
                (typed, dynamic) => panic!("byte {at} is {byte}: {typed:?}, {dynamic:?}"),
            }
        }
    }
    assert!(refused > 100, "{refused} were refused");
}

#[test]
fn a_spoilt_field_does_not_hide_the_others() {
    let dir = TestDir::new();
    let typed = dir.options().create_with("robot", &robot()).unwrap();
    let fields = Robot::fields();
    // As a program would that does not keep to the rules.
    let raw = RawSegment::open(&dir.file("robot"));
    let last = raw.records() + raw.stride();
    raw.put(last + fields.flag.offset() as u64, &[7]);
    raw.put(last + fields.tags.offset() as u64, &99u32.to_le_bytes());
    assert!(typed.read().is_err());
    let reader = dir.options().dyn_reader("robot").unwrap();
    let record = reader.read().unwrap();
    assert_eq!(record.check().unwrap_err().field(), "flag");
    assert!(matches!(record.get("flag"), Err(ReadError::Invalid(error)) if error.field() == "flag"));
    let Err(ReadError::Invalid(error)) = reader.get("tags") else { panic!("no value") };
    assert_eq!(error.field(), "tags");
    assert!(matches!(reader.get("tags[1]"), Err(ReadError::Path(_))), "its length cannot be believed");
    assert_eq!(reader.get("axes[1].position").unwrap(), Value::F64(2.5));
    let (_, tags) = record.view().children().unwrap().find(|(name, _)| name == "tags").unwrap();
    assert!(tags.children().is_err());
    // And it can be mended by path.
    let segment = dir.options().dyn_link("robot").unwrap();
    segment.set_all(&[("flag", true.into()), ("tags", vec![4u16, 5].into())]).unwrap();
    assert_eq!(typed.read().unwrap(), robot());
}

#[test]
fn a_segment_is_created_from_a_schema_alone() {
    let dir = TestDir::new();
    let schema = Schema::of::<Robot>();
    let empty: DynSegment = dir.options().dyn_create("robot", &schema).unwrap();
    assert!(matches!(empty.set("serial", 1), Err(WriteError::Read(ReadError::NotYetWritten(_)))));
    let mut image = vec![0; Robot::SIZE];
    robot().store(&mut image).unwrap();
    empty.write_image(&image).unwrap();
    let typed = dir.options().link::<Robot>("robot").unwrap();
    assert_eq!(typed.read().unwrap(), robot());
    let value = empty.read().unwrap().value().unwrap();
    drop((empty, typed));

    // Read back from a segment's own text it is the same schema.
    let parsed = Schema::parse(&schema.to_json()).unwrap();
    let copy = dir.options().dyn_create_with("copy", &parsed, &value).unwrap();
    assert_eq!(dir.options().link::<Robot>("copy").unwrap().read().unwrap(), robot());
    let mut record = DynRecord::new(&std::sync::Arc::new(parsed), &value).unwrap();
    record.set("serial", 99).unwrap();
    copy.write_image(record.bytes()).unwrap();
    assert_eq!(copy.get("serial").unwrap(), Value::Unsigned(99));
    assert!(matches!(dir.options().dyn_create_with("third", &schema, &1.into()), Err(shmrec::CreateError::Store(_))));
    assert_eq!(dir.files(), ["shmrec.copy"], "nothing is left of what was not created");
}

#[test]
fn versions_are_followed_without_a_type() {
    let dir = TestDir::new();
    let typed = dir.options().slots(8).create_with("robot", &robot()).unwrap();
    let reader = dir.options().dyn_reader("robot").unwrap();
    let mut following = reader.follow();
    for serial in 100..110 {
        typed.set(Robot::fields().serial, &serial).unwrap();
    }
    let second = Duration::from_secs(10);
    let next = following.next(second).unwrap();
    assert_eq!((next.version(), next.get("serial").unwrap()), (Version::new(5), Value::Unsigned(103)));
    assert_eq!(following.missed(), 3);
    let history = reader.history().unwrap();
    let versions: Vec<u64> = history.iter().map(|record| record.version().get()).collect();
    assert_eq!(versions, [5, 6, 7, 8, 9, 10, 11]);
    assert_eq!(reader.read_version(Version::new(6)).unwrap().get("serial").unwrap(), Value::Unsigned(104));
    assert!(matches!(reader.read_version(Version::new(2)), Err(ReadError::NoSuchVersion(_))));
    assert_eq!(reader.wait_newer(Version::new(10), second).unwrap().version(), Version::new(11));
}

#[test]
fn a_schema_that_contradicts_its_header_is_damage() {
    let dir = TestDir::new();
    let _typed = dir.options().create_with("robot", &robot()).unwrap();
    let raw = RawSegment::open(&dir.file("robot"));
    let text = Schema::of::<Robot>().to_json();
    let at = raw.schema() + text.find("\"serial\"").expect("the field") as u64;
    raw.put(at, b"\"cereal\"");
    for outcome in [dir.options().dyn_reader("robot").map(drop), dir.options().dyn_link("robot").map(drop)] {
        let Err(error @ LinkError::Damaged(_)) = outcome else { panic!("{outcome:?}") };
        assert!(error.to_string().contains("its fingerprint is not that of its schema"), "{error}");
    }
}
