//! The field types beyond numbers, strings and sequences: what each byte of their images says, and what comes back.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::num::{NonZero, NonZeroU16, Wrapping};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use shmrec::schema::{Schema, Type};
use shmrec::{FieldWith, FixedStr, FixedVec, LoadError, SharedField, SharedRecord, StoreError, StoreErrorKind};

fn image_of<T: SharedField>(value: &T) -> Vec<u8> {
    let mut image = vec![0; T::SIZE];
    value.store(&mut image).expect("the value fits");
    image
}

/// Stores and loads in every way there is.
#[track_caller]
fn comes_back<T: SharedField + Debug + PartialEq>(value: &T) -> Vec<u8> {
    let image = image_of(value);
    T::check(&image).expect("its own image is valid");
    assert_eq!(&T::load(&image).expect("its own image is valid"), value);
    let mut place = Box::<T>::new_uninit();
    let made = T::load_at(&image, &mut place).expect("its own image is valid");
    assert_eq!(made, value);
    // SAFETY: it was made, and nothing uses it any more.
    #[allow(unsafe_code)]
    unsafe {
        std::ptr::drop_in_place(made);
    }
    assert_eq!(image.len() % T::ALIGN, 0);
    assert_eq!((T::TYPE.size(), T::TYPE.align()), (T::SIZE, T::ALIGN), "what the description says");
    let ty = Type::from(&T::TYPE);
    assert_eq!((ty.size(), ty.align()), (T::SIZE, T::ALIGN), "what the schema says");
    image
}

#[derive(SharedRecord, Clone, Debug, PartialEq)]
enum Shape {
    Nothing,
    Circle {
        radius: f64,
    },
    Polygon(#[record(capacity = 3)] Vec<(f32, f32)>),
    Named {
        #[record(capacity = 5)]
        name: String,
        #[record(rename = "no")]
        number: u16,
        #[record(skip)]
        seen: u32,
    },
}

#[test]
fn a_variant_s_fields_stand_behind_the_tag_as_in_a_c_struct() {
    assert_eq!((Shape::SIZE, Shape::ALIGN), (32, 8));
    let image = comes_back(&Shape::Circle { radius: 1.5 });
    assert_eq!(image[..8], [1, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(image[8..16], 1.5f64.to_le_bytes());
    assert!(image[16..].iter().all(|byte| *byte == 0), "what no field of the variant fills is zero");

    let image = comes_back(&Shape::Polygon(vec![(1.0, 2.0)]));
    assert_eq!(image[..8], [2, 0, 0, 0, 1, 0, 0, 0]);
    assert_eq!(image[8..16], [1.0f32.to_le_bytes(), 2.0f32.to_le_bytes()].concat()[..]);

    let image = comes_back(&Shape::Named { name: "ab".into(), number: 7, seen: 0 });
    assert_eq!(image[..10], [3, 0, 0, 0, 2, 0, 0, 0, b'a', b'b']);
    assert_eq!(image[16..18], [7, 0]);
    assert_eq!(comes_back(&Shape::Nothing), [0; 32]);
}

#[test]
fn a_fault_in_a_variant_is_led_back_to_its_field() {
    let mut image = image_of(&Shape::Polygon(vec![(0.0, 0.0)]));
    image[4] = 4;
    let error = Shape::load(&image).unwrap_err();
    assert_eq!((error.field(), error.found()), ("Polygon.0", "a length of 4"));
    assert_eq!(Shape::check(&image).unwrap_err(), error);
    image[0] = 9;
    let error = Shape::load(&image).unwrap_err();
    assert_eq!(error.expected(), "a value of `Shape`: 0 (Nothing), 1 (Circle), 2 (Polygon), 3 (Named)");

    let mut image = [0; Shape::SIZE];
    let error = Shape::Named { name: "longer".into(), number: 1, seen: 0 }.store(&mut image).unwrap_err();
    assert_eq!(error.field(), "Named.name");
}

#[derive(SharedRecord, Clone, Copy, Debug, PartialEq)]
#[repr(i16)]
enum Numbered {
    Low(u8) = -5,
    Next(u8),
    High = 300,
    After { of: NonZeroU16 },
}

#[test]
fn tags_are_numbered_as_the_compiler_does() {
    assert_eq!(image_of(&Numbered::Low(1))[..3], [0xfb, 0xff, 1]);
    assert_eq!(image_of(&Numbered::Next(2))[..3], [0xfc, 0xff, 2]);
    assert_eq!(image_of(&Numbered::High)[..2], 300i16.to_le_bytes());
    assert_eq!(image_of(&Numbered::After { of: NonZeroU16::MIN })[..4], [45, 1, 1, 0]);
    for value in [Numbered::Low(9), Numbered::Next(9), Numbered::High, Numbered::After { of: NonZeroU16::MAX }] {
        comes_back(&value);
    }
    let mut image = image_of(&Numbered::After { of: NonZeroU16::MIN });
    image[2] = 0;
    let error = Numbered::load(&image).unwrap_err();
    assert_eq!((error.field(), error.found(), error.expected()), ("After.of", "0", "a number that is not 0"));
}

#[derive(SharedRecord, Clone, Debug, PartialEq)]
enum Either<A, B, const N: usize> {
    Left(A),
    Right { b: [B; N] },
    Many(#[record(capacity = N)] Vec<A>),
}

#[test]
fn enums_have_parameters_too() {
    comes_back(&Either::<u8, char, 3>::Left(4));
    comes_back(&Either::<u8, char, 3>::Right { b: ['a', 'ß', '好'] });
    comes_back(&Either::<Shape, u8, 3>::Many(vec![Shape::Nothing, Shape::Circle { radius: 2.0 }]));
    assert_eq!(<Either<u8, u8, 1>>::SIZE, 12);
    assert_eq!(<Either<u128, u8, 1>>::ALIGN, 16);
}

#[test]
fn tuples_are_records_without_a_name() {
    type Pair = (u8, (u32, [bool; 2]));
    let image = comes_back::<Pair>(&(1, (2, [true, false])));
    assert_eq!(image, [1, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0]);
    assert_eq!(Type::from(&Pair::TYPE).to_string(), "(u8, (u32, [bool; 2]))");
    assert_eq!(Type::from(&<(u8,)>::TYPE).to_string(), "(u8,)");
    let mut image = image;
    image[9] = 2;
    assert_eq!(Pair::load(&image).unwrap_err().field(), "1.1[1]");
    comes_back(&(1u8, 2u16, 3u32, 4u64, 5i8, 6i16, 7i32, 8i64));
}

#[test]
fn a_number_that_must_not_be_zero_is_checked() {
    assert_eq!(comes_back(&NonZero::<i32>::new(-2).unwrap()), (-2i32).to_le_bytes());
    assert_eq!(NonZero::<u8>::load(&[0]).unwrap_err().expected(), "a number that is not 0");
    assert_eq!(comes_back(&Wrapping(0x0102u16)), [2, 1]);
    // No niche: a tag, whatever the value could say.
    assert_eq!(comes_back(&NonZero::<u8>::new(7)), [1, 7]);
    assert_eq!(comes_back(&None::<NonZero<u8>>), [0, 0]);
}

#[test]
fn times_are_seconds_and_nanoseconds() {
    let image = comes_back(&Duration::new(5, 999_999_999));
    assert_eq!((image[0], &image[8..12], &image[12..]), (5, &999_999_999u32.to_le_bytes()[..], &[0; 4][..]));
    comes_back(&Duration::MAX);
    let mut late = image.clone();
    late[8..12].copy_from_slice(&1_000_000_000u32.to_le_bytes());
    assert_eq!(Duration::load(&late).unwrap_err().found(), "1000000000 nanoseconds");
    assert_eq!(SystemTime::load(&late).unwrap_err().found(), "1000000000 nanoseconds");

    comes_back(&SystemTime::now());
    // In steps of 100 ns, which is what every system's clock can say.
    let before = SystemTime::UNIX_EPOCH - Duration::new(1, 100);
    let image = comes_back(&before);
    assert_eq!(image[..8], (-2i64).to_le_bytes(), "seconds are rounded down");
    assert_eq!(image[8..12], 999_999_900u32.to_le_bytes());
    let image = comes_back(&(SystemTime::UNIX_EPOCH - Duration::from_secs(3)));
    assert_eq!((&image[..8], &image[8..12]), (&(-3i64).to_le_bytes()[..], &[0; 4][..]));
    // The ends of what fits are a time or an error, never a panic.
    for seconds in [i64::MIN, i64::MIN + 1, i64::MAX] {
        let mut image = [0xff; 16];
        image[..8].copy_from_slice(&seconds.to_le_bytes());
        image[8..12].copy_from_slice(&999_999_999u32.to_le_bytes());
        if let Ok(time) = SystemTime::load(&image) {
            let mut again = [0; 16];
            drop(time.store(&mut again));
        }
    }
}

#[test]
fn addresses_are_octets_in_network_order() {
    assert_eq!(comes_back(&Ipv4Addr::new(192, 168, 1, 2)), [192, 168, 1, 2]);
    assert_eq!(comes_back(&Ipv6Addr::LOCALHOST)[15], 1);
    let image = comes_back(&IpAddr::from([10, 0, 0, 1]));
    assert_eq!((image.len(), &image[..5], IpAddr::ALIGN), (17, &[4, 10, 0, 0, 1][..], 1));
    assert_eq!(comes_back(&IpAddr::V6(Ipv6Addr::LOCALHOST))[0], 6);
    assert_eq!(comes_back(&SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0x1234)), [127, 0, 0, 1, 0x34, 0x12]);
    let v6 = SocketAddrV6::new(Ipv6Addr::LOCALHOST, 80, 7, 9);
    assert_eq!(comes_back(&v6).len(), 28);
    let image = comes_back(&SocketAddr::V6(v6));
    assert_eq!((image.len(), image[0], image[20], image[24], image[28]), (32, 6, 80, 7, 9));
    comes_back(&SocketAddr::from(([1, 2, 3, 4], 5)));
    let error = SocketAddr::load(&[5; 32]).unwrap_err();
    assert_eq!(error.expected(), "a value of `SocketAddr`: 4 (V4), 6 (V6)");
}

#[test]
fn an_inline_sequence_has_the_image_of_a_growing_one() {
    #[derive(SharedRecord, Debug, PartialEq)]
    #[record(name = "Log")]
    struct Growing {
        #[record(capacity = 4)]
        text: String,
        #[record(capacity = 3)]
        values: Vec<u64>,
    }
    #[derive(SharedRecord, Debug, PartialEq, Clone, Copy)]
    #[record(name = "Log")]
    struct Inline {
        text: FixedStr<4>,
        values: FixedVec<u64, 3>,
    }
    assert_eq!(Growing::FINGERPRINT, Inline::FINGERPRINT);
    let growing = Growing { text: "abc".into(), values: vec![1, 2] };
    let inline = Inline { text: "abc".parse().unwrap(), values: FixedVec::try_from(&[1, 2][..]).unwrap() };
    assert_eq!(comes_back(&growing), comes_back(&inline));

    let mut image = image_of(&inline);
    image[8] = 4;
    assert_eq!(Inline::load(&image).unwrap_err(), Growing::load(&image).unwrap_err());
    let mut values = FixedVec::<u8, 2>::new();
    values.push(1).unwrap();
    values.push(2).unwrap();
    assert_eq!(values.push(3).unwrap_err().kind(), &StoreErrorKind::CapacityExceeded { len: 3, capacity: 2 });
    assert_eq!((values.pop(), values.pop(), values.pop()), (Some(2), Some(1), None));
    // What is no value in the middle leaves the target as long as it was.
    let mut flags = FixedVec::<bool, 3>::try_from(&[true][..]).unwrap();
    let mut image = [0; FixedVec::<bool, 3>::SIZE];
    image[..7].copy_from_slice(&[3, 0, 0, 0, 1, 2, 1]);
    assert_eq!(flags.load_into(&image).unwrap_err().field(), "[1]");
    assert_eq!(flags[..], [true]);
}

#[derive(Clone, Debug, PartialEq)]
enum Level {
    Low,
    High,
}

impl From<Level> for u8 {
    fn from(level: Level) -> Self {
        if level == Level::Low { 10 } else { 20 }
    }
}

impl TryFrom<u8> for Level {
    type Error = String;

    fn try_from(code: u8) -> Result<Self, String> {
        match code {
            10 => Ok(Self::Low),
            20 => Ok(Self::High),
            _ => Err(format!("no level has the code {code}")),
        }
    }
}

struct PathText;

impl FieldWith<PathBuf> for PathText {
    type Shared = String;

    fn to_shared(path: &PathBuf) -> Result<String, StoreError> {
        path.to_str().map(str::to_owned).ok_or_else(|| StoreError::unrepresentable("a path that is UTF-8"))
    }

    fn from_shared(text: String) -> Result<PathBuf, LoadError> {
        Ok(text.into())
    }
}

struct Entries;

impl FieldWith<BTreeMap<u8, i64>> for Entries {
    type Shared = Vec<(u8, i64)>;

    fn to_shared(map: &BTreeMap<u8, i64>) -> Result<Vec<(u8, i64)>, StoreError> {
        Ok(map.iter().map(|(k, v)| (*k, *v)).collect())
    }

    fn from_shared(entries: Vec<(u8, i64)>) -> Result<BTreeMap<u8, i64>, LoadError> {
        let count = entries.len();
        let map: BTreeMap<u8, i64> = entries.into_iter().collect();
        if map.len() == count { Ok(map) } else { Err(LoadError::new("a key twice", "different keys")) }
    }
}

#[derive(SharedRecord, Clone, Debug, PartialEq)]
struct Mapped {
    #[record(as = "u64")]
    len: usize,
    #[record(as = "[i64; 2]")]
    signed: [isize; 2],
    #[record(as = u8)]
    level: Level,
    #[record(as = "Option<u8>")]
    other: Option<Level>,
    #[record(as = "Vec<(u8, u8)>", capacity = 4)]
    levels: Vec<(Level, u8)>,
    #[record(with = "PathText", capacity = 16)]
    path: PathBuf,
    #[record(with = "Option<PathText>", capacity = 8)]
    maybe: Option<PathBuf>,
    #[record(with = Entries, capacity = 3)]
    entries: BTreeMap<u8, i64>,
    #[record(capacity = (2, 6))]
    pairs: Vec<(u8, String)>,
    #[record(capacity = (3, 5))]
    mixed: [Option<(String, [u16; 2], String)>; 2],
}

fn mapped() -> Mapped {
    Mapped {
        len: 3,
        signed: [-1, 1],
        level: Level::High,
        other: Some(Level::Low),
        levels: vec![(Level::Low, 1), (Level::High, 2)],
        path: "/a/b".into(),
        maybe: None,
        entries: BTreeMap::from([(1, -1), (2, -2)]),
        pairs: vec![(1, "one".into()), (2, "second".into())],
        mixed: [None, Some(("abc".into(), [1, 2], "abcde".into()))],
    }
}

#[test]
fn a_mapped_field_is_its_target_in_schema_and_segment() {
    comes_back(&mapped());
    let types: Vec<String> = Schema::of::<Mapped>().record().fields.iter().map(|field| field.ty.to_string()).collect();
    assert_eq!(
        types,
        [
            "u64",
            "[i64; 2]",
            "u8",
            "Option<u8>",
            "Vec<(u8, u8)> (capacity 4)",
            "String (capacity 16)",
            "Option<String (capacity 8)>",
            "Vec<(u8, i64)> (capacity 3)",
            "Vec<(u8, String (capacity 6))> (capacity 2)",
            "[Option<(String (capacity 3), [u16; 2], String (capacity 5))>; 2]",
        ]
    );
}

#[test]
fn what_does_not_convert_is_refused_by_the_name_of_its_field() {
    let fields = Mapped::fields();
    let with = |at: usize, bytes: &[u8]| {
        let mut image = image_of(&mapped());
        image[at..at + bytes.len()].copy_from_slice(bytes);
        Mapped::check(&image).unwrap_err()
    };
    let error = with(fields.level.offset(), &[11]);
    assert_eq!((error.field(), error.found()), ("level", "a `u8` that does not convert (no level has the code 11)"));
    assert_eq!(with(fields.other.offset() + 1, &[0]).field(), "other");
    assert_eq!(with(fields.levels.offset() + 4, &[12]).field(), "levels[0].0");
    assert_eq!(with(fields.entries.offset() + 8 + 16, &[1]).expected(), "different keys");

    let long = Mapped { mixed: [Some(("abcd".into(), [0; 2], String::new())), None], ..mapped() };
    assert_eq!(long.store(&mut vec![0; Mapped::SIZE]).unwrap_err().field(), "mixed[0].0");
    let long = Mapped { path: "0123456789abcdefg".into(), ..mapped() };
    assert_eq!(long.store(&mut vec![0; Mapped::SIZE]).unwrap_err().field(), "path");
}

#[test]
fn the_handle_of_a_mapped_array_leads_on_to_its_elements() {
    let second = Mapped::fields().signed.at(1);
    assert_eq!((second.offset(), second.path().as_str(), second.size()), (16, "signed[1]", 8));
}

#[test]
fn a_skipped_field_takes_the_default_that_is_given() {
    #[derive(SharedRecord, Debug, PartialEq)]
    struct Cached {
        value: u8,
        #[record(skip, default = vec![1, 2, 3])]
        cache: Vec<u32>,
        #[record(default = 40 + 2)]
        added: u16,
        #[record(default)]
        other: Option<u8>,
    }
    let loaded = Cached::load(&[7, 0, 8, 0, 1, 9]).unwrap();
    assert_eq!(loaded, Cached { value: 7, cache: vec![1, 2, 3], added: 8, other: Some(9) });
    let defaults: Vec<Option<Vec<u8>>> = Cached::RECORD
        .fields
        .iter()
        .map(|field| {
            let mut image = vec![0; field.ty.size()];
            field.default.map(|store| store(&mut image).map(|()| image).unwrap())
        })
        .collect();
    assert_eq!(defaults, [None, Some(vec![42, 0]), Some(vec![0, 0])]);
}
