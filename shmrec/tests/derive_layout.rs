//! The images that derived code makes: where each field stands, what each byte says, and what comes back.

use std::fmt::Debug;
use std::mem::{MaybeUninit, offset_of};

use proptest::prelude::*;
use shmrec::{FixedStr, LoadError, SharedField, SharedRecord, StoreErrorKind, TypeDesc};

/// The image of a value.
fn image_of<T: SharedField>(value: &T) -> Vec<u8> {
    let mut image = vec![0; T::SIZE];
    value.store(&mut image).expect("the value fits");
    image
}

/// The value of an image, made in all three ways; they must agree.
fn loaded<T: SharedField + Debug>(image: &[u8], other: T) -> Result<T, LoadError> {
    let afresh = T::load(image);
    assert_eq!(afresh.as_ref().err(), T::check(image).as_ref().err(), "check and load");
    let mut into = other;
    assert_eq!(afresh.as_ref().err(), into.load_into(image).as_ref().err(), "load_into and load");
    let mut place = Box::<T>::new_uninit();
    let at = T::load_at(image, &mut place);
    match (&afresh, at) {
        (Ok(afresh), Ok(at)) => {
            // In words, because a floating point number that is none differs from itself.
            let words = format!("{afresh:?}");
            assert_eq!(words, format!("{:?}", &*at), "load_at and load");
            assert_eq!(words, format!("{into:?}"), "load_into and load");
            // SAFETY: it was made, and nothing uses it any more.
            #[allow(unsafe_code)]
            unsafe {
                std::ptr::drop_in_place(at);
            }
        }
        (Err(afresh), Err(at)) => assert_eq!(afresh, &at, "load_at and load"),
        (afresh, at) => panic!("load: {afresh:?}, load_at: {at:?}"),
    }
    afresh
}

/// Where each field begins.
fn offsets<T: SharedRecord>() -> Vec<usize> {
    T::RECORD.fields.iter().map(|field| field.offset).collect()
}

/// Claims that a `repr(C)` record has the layout that the C compiler would give it.
macro_rules! as_c {
    ($record:ty { $($field:tt),* $(,)? }) => {{
        let fields = <$record>::fields();
        let ours = [$((fields.$field.offset(), stringify!($field))),*];
        let c = [$((offset_of!($record, $field), stringify!($field))),*];
        assert_eq!(ours, c);
        assert_eq!(offsets::<$record>(), c.map(|(offset, _)| offset));
        assert_eq!((<$record>::SIZE, <$record>::ALIGN), (size_of::<$record>(), align_of::<$record>()));
        assert_eq!((<$record>::RECORD.size, <$record>::RECORD.align), (size_of::<$record>(), align_of::<$record>()));
    }};
}

#[derive(SharedRecord, Clone, Copy, Debug, PartialEq)]
#[repr(C)]
struct Scalars {
    a: u8,
    b: u64,
    c: i16,
    d: f32,
    e: bool,
    f: char,
    g: i8,
    h: u128,
    i: u16,
    j: f64,
    k: i32,
    l: i64,
    m: u32,
    n: i128,
    o: bool,
}

#[derive(SharedRecord, Clone, Copy, Debug, PartialEq)]
#[repr(C)]
struct Inner {
    x: u8,
    y: u32,
    z: u8,
}

#[derive(SharedRecord, Clone, Copy, Debug, PartialEq)]
#[repr(C)]
struct Outer {
    flag: bool,
    one: Inner,
    many: [Inner; 3],
    odd: [u8; 5],
    grid: [[i16; 3]; 2],
    tail: u8,
}

#[derive(SharedRecord, Clone, Copy, Debug, PartialEq)]
#[repr(C)]
struct Numbered(u8, u16, u8, f64, [u8; 3]);

#[derive(SharedRecord, Clone, Copy, Debug, PartialEq)]
#[repr(C)]
struct Generic<T, U, const N: usize> {
    first: T,
    list: [U; N],
    last: T,
}

#[test]
fn the_layout_is_that_of_c() {
    as_c!(Scalars { a, b, c, d, e, f, g, h, i, j, k, l, m, n, o });
    as_c!(Inner { x, y, z });
    as_c!(Outer { flag, one, many, odd, grid, tail });
    as_c!(Numbered { 0, 1, 2, 3, 4 });
}

#[test]
fn the_layout_of_a_generic_record_is_that_of_each_of_its_types() {
    as_c!(Generic<u8, u64, 3> { first, list, last });
    as_c!(Generic<u64, u8, 3> { first, list, last });
    as_c!(Generic<Inner, bool, 1> { first, list, last });
    as_c!(Generic<u16, f64, 0> { first, list, last });
}

#[derive(SharedRecord, Clone, Copy, Debug, PartialEq)]
#[repr(u16)]
enum Mode {
    Off,
    On = 0x0102,
    Both,
}

#[derive(SharedRecord, Clone, Debug, PartialEq)]
struct Grown {
    tag: u8,
    #[record(capacity = 5)]
    text: String,
    flag: bool,
    maybe: Option<u64>,
    #[record(capacity = 3)]
    list: Vec<u16>,
    mode: Mode,
    #[record(capacity = 2)]
    wide: Box<[u128]>,
    #[record(capacity = (2, 3))]
    words: Vec<String>,
    #[record(capacity = 6)]
    pair: [Option<String>; 2],
    inline: FixedStr<7>,
}

/// What C would declare to read a [`Grown`].
#[repr(C)]
struct GrownInC {
    tag: u8,
    text: Counted<u8, 5>,
    flag: bool,
    maybe: Tagged<u64>,
    list: Counted<u16, 3>,
    mode: u16,
    wide: Counted<u128, 2>,
    words: Counted<Counted<u8, 3>, 2>,
    pair: [Tagged<Counted<u8, 6>>; 2],
    inline: Counted<u8, 7>,
}

#[repr(C)]
struct Counted<T, const N: usize> {
    len: u32,
    elements: [T; N],
}

#[repr(C)]
struct Tagged<T> {
    tag: u8,
    value: T,
}

fn grown() -> Grown {
    Grown {
        tag: 0xff,
        text: "ab\u{e9}".to_owned(),
        flag: true,
        maybe: Some(u64::MAX),
        list: vec![0xffff, 0xfffe],
        mode: Mode::On,
        wide: Box::from([u128::MAX]),
        words: vec!["x".to_owned()],
        pair: [None, Some("second".to_owned())],
        inline: "inline!".parse().expect("seven bytes fit"),
    }
}

#[test]
fn options_strings_and_sequences_stand_as_documented_for_c() {
    let fields = Grown::fields();
    assert_eq!(
        [
            fields.tag.offset(),
            fields.text.offset(),
            fields.flag.offset(),
            fields.maybe.offset(),
            fields.list.offset(),
            fields.mode.offset(),
            fields.wide.offset(),
            fields.words.offset(),
            fields.pair.offset(),
            fields.inline.offset(),
        ],
        [
            offset_of!(GrownInC, tag),
            offset_of!(GrownInC, text),
            offset_of!(GrownInC, flag),
            offset_of!(GrownInC, maybe),
            offset_of!(GrownInC, list),
            offset_of!(GrownInC, mode),
            offset_of!(GrownInC, wide),
            offset_of!(GrownInC, words),
            offset_of!(GrownInC, pair),
            offset_of!(GrownInC, inline),
        ]
    );
    assert_eq!((Grown::SIZE, Grown::ALIGN), (size_of::<GrownInC>(), align_of::<GrownInC>()));

    let image = image_of(&grown());
    let at = |offset: usize, bytes: &[u8]| assert_eq!(&image[offset..offset + bytes.len()], bytes, "at {offset}");
    let text = offset_of!(GrownInC, text);
    at(text + offset_of!(Counted<u8, 5>, len), &[4, 0, 0, 0]);
    at(text + offset_of!(Counted<u8, 5>, elements), b"ab\xc3\xa9\0");
    let maybe = offset_of!(GrownInC, maybe);
    at(maybe + offset_of!(Tagged<u64>, tag), &[1]);
    at(maybe + offset_of!(Tagged<u64>, value), &[0xff; 8]);
    let wide = offset_of!(GrownInC, wide);
    at(wide + offset_of!(Counted<u128, 2>, len), &[1, 0, 0, 0]);
    at(wide + offset_of!(Counted<u128, 2>, elements), &[[0xff; 16], [0; 16]].concat());
    at(offset_of!(GrownInC, mode), &[0x02, 0x01]);
    let second = offset_of!(GrownInC, pair) + size_of::<Tagged<Counted<u8, 6>>>();
    at(second, &[1, 0, 0, 0, 6, 0, 0, 0]);
    at(second + 8, b"second\0\0");
}

/// Which bytes of an image belong to fields, nested records and elements included.
fn own_bytes(ty: &TypeDesc, at: usize, own: &mut [bool]) {
    match ty {
        TypeDesc::Record { record } => {
            record.fields.iter().for_each(|field| own_bytes(&field.ty, at + field.offset, own));
        }
        TypeDesc::Array { element: TypeDesc::Record { record }, len } => {
            (0..*len).for_each(|i| own_bytes(&TypeDesc::Record { record }, at + i * record.size, own));
        }
        TypeDesc::Array { element, len } => own[at..at + scalar_size(element) * len].fill(true),
        scalar => own[at..at + scalar_size(scalar)].fill(true),
    }
}

fn scalar_size(ty: &TypeDesc) -> usize {
    match ty {
        TypeDesc::U8 | TypeDesc::Bool => 1,
        TypeDesc::I16 => 2,
        TypeDesc::U32 => 4,
        TypeDesc::Array { element, len } => scalar_size(element) * len,
        other => panic!("{other:?} is not in the record of this test"),
    }
}

#[test]
fn storing_writes_the_fields_and_no_byte_of_padding() {
    let inner = Inner { x: 0, y: 0, z: 0 };
    let record = Outer { flag: false, one: inner, many: [inner; 3], odd: [0; 5], grid: [[0; 3]; 2], tail: 0 };
    let mut image = [0xaa; Outer::SIZE];
    record.store(&mut image).unwrap();

    let mut own = [false; Outer::SIZE];
    own_bytes(&Outer::TYPE, 0, &mut own);
    assert!(own.contains(&false), "the record of this test has padding");
    for (i, (byte, own)) in image.into_iter().zip(own).enumerate() {
        assert_eq!(byte, if own { 0 } else { 0xaa }, "byte {i}");
    }
}

#[test]
fn what_a_value_does_not_fill_stays_zero() {
    let mut short = grown();
    short.text = String::new();
    short.list.clear();
    short.maybe = None;
    short.words = vec![String::new()];
    short.wide = Box::from([]);
    short.pair = [None, None];
    short.inline = FixedStr::new();
    let image = image_of(&short);
    let fields = Grown::fields();
    for (offset, size) in [
        (fields.text.offset(), fields.text.size()),
        (fields.maybe.offset(), fields.maybe.size()),
        (fields.list.offset(), fields.list.size()),
        (fields.wide.offset(), fields.wide.size()),
        (fields.pair.offset(), fields.pair.size()),
        (fields.inline.offset(), fields.inline.size()),
    ] {
        assert!(image[offset..offset + size].iter().all(|byte| *byte == 0), "the {size} bytes at {offset}");
    }
    let words = fields.words.offset();
    assert_eq!(image[words..words + 4], [1, 0, 0, 0]);
    assert!(image[words + 4..words + fields.words.size()].iter().all(|byte| *byte == 0));
}

#[test]
fn numbers_are_little_endian() {
    let image = image_of(&Numbered(1, 0x0203, 4, 1.0, [5, 6, 7]));
    assert_eq!(image[..5], [1, 0, 0x03, 0x02, 4]);
    assert_eq!(image[8..16], 1.0f64.to_le_bytes());
    assert_eq!(image[16..], [5, 6, 7, 0, 0, 0, 0, 0]);
}

#[derive(SharedRecord, Clone, Debug, Default, PartialEq)]
struct Skipping {
    before: u8,
    #[record(skip)]
    cached: Vec<String>,
    after: u32,
}

#[derive(SharedRecord, Clone, Debug, PartialEq)]
struct SkippingTuple(#[record(skip)] Option<Box<u8>>, u16, #[record(skip)] &'static str, u8);

#[test]
fn a_skipped_field_takes_no_room() {
    assert_eq!(offsets::<Skipping>(), [0, 4]);
    assert_eq!(Skipping::RECORD.fields.iter().map(|field| field.name).collect::<Vec<_>>(), ["before", "after"]);
    assert_eq!(SkippingTuple::SIZE, 4);
}

#[test]
fn a_skipped_field_is_the_default_afresh_and_stays_when_loaded_into() {
    let image = image_of(&Skipping { before: 1, cached: vec!["there".to_owned()], after: 2 });
    assert_eq!(Skipping::load(&image), Ok(Skipping { before: 1, cached: vec![], after: 2 }));

    let mut kept = Skipping { before: 0, cached: vec!["here".to_owned()], after: 0 };
    kept.load_into(&image).unwrap();
    assert_eq!(kept, Skipping { before: 1, cached: vec!["here".to_owned()], after: 2 });

    let mut place = MaybeUninit::uninit();
    let made = Skipping::load_at(&image, &mut place).unwrap();
    assert_eq!(made, &Skipping { before: 1, cached: vec![], after: 2 });
}

#[test]
fn the_handles_of_a_tuple_keep_the_numbers_of_its_fields() {
    let fields = SkippingTuple::fields();
    assert_eq!((fields.1.path(), fields.1.offset()), ("1".to_owned(), 0));
    assert_eq!((fields.3.path(), fields.3.offset()), ("3".to_owned(), 2));
    let image = image_of(&SkippingTuple(Some(Box::new(9)), 7, "x", 8));
    assert_eq!(SkippingTuple::load(&image), Ok(SkippingTuple(None, 7, "", 8)));
}

/// The names of the schema.
#[derive(SharedRecord)]
#[record(name = "Account.v2", size = 16, align = 8)]
struct Renamed {
    /// Never
    ///  reused.
    #[record(rename = "type")]
    r#kind: u8,
    #[record(rename = "größe", offset = 8)]
    size: u64,
}

#[test]
fn the_schema_has_the_declared_names_and_docs() {
    let record = Renamed::RECORD;
    assert_eq!((record.name, record.docs), ("Account.v2", "The names of the schema."));
    assert_eq!((record.fields[0].name, record.fields[0].docs), ("type", "Never\n reused."));
    assert_eq!((record.fields[1].name, record.fields[1].docs), ("größe", ""));
    assert_eq!(Renamed::fields().size.path(), "größe");

    let wrong = [[0xff; 2], [0; 2]].concat();
    assert_eq!(Mode::load(&wrong[..2]).unwrap_err().field(), "");
}

/// Low and high.
#[derive(SharedRecord, Clone, Copy, Debug, PartialEq)]
#[repr(i8)]
#[record(name = "Level", size = 1, align = 1)]
enum Extremes {
    /// The least.
    Least = i8::MIN,
    #[record(rename = "next")]
    Next,
    Most = Self::MOST,
}

impl Extremes {
    const MOST: i8 = 127;
}

#[test]
fn an_enum_has_the_discriminants_that_the_compiler_gives() {
    let TypeDesc::Enum { desc } = Extremes::TYPE else { panic!("an enum") };
    assert_eq!((desc.name, desc.docs, desc.size, desc.align), ("Level", "Low and high.", 1, 1));
    assert!(matches!(desc.tag, TypeDesc::I8));
    let variants: Vec<_> = desc.variants.iter().map(|v| (v.name, v.value, v.docs, v.fields.len())).collect();
    assert_eq!(variants, [("Least", -128, "The least.", 0), ("next", -127, "", 0), ("Most", 127, "", 0)]);
    for value in [Extremes::Least, Extremes::Next, Extremes::Most] {
        assert_eq!(image_of(&value), [value as i8 as u8]);
        assert_eq!(loaded(&[value as i8 as u8], Extremes::Next), Ok(value));
    }
    assert_eq!(image_of(&Mode::Both), [0x03, 0x01]);
}

#[test]
fn an_unknown_tag_is_answered_with_the_known_ones() {
    let error = Extremes::load(&[5]).unwrap_err();
    assert_eq!(error.found(), "the number 5");
    assert_eq!(error.expected(), "a value of `Level`: -128 (Least), -127 (next), 127 (Most)");
}

#[derive(SharedRecord, Clone, Debug, PartialEq)]
struct Client {
    id: u32,
    active: bool,
    initial: char,
    mode: Mode,
    #[record(capacity = 8)]
    name: String,
    #[record(capacity = 3)]
    flags: Vec<bool>,
    home: Option<Address>,
    others: [Address; 2],
    #[record(capacity = (2, 4))]
    lines: Vec<String>,
}

#[derive(SharedRecord, Clone, Copy, Debug, PartialEq)]
struct Address {
    street: FixedStr<6>,
    letter: char,
}

fn client() -> Client {
    let address = Address { street: "Elm".parse().expect("three bytes fit"), letter: 'b' };
    Client {
        id: 7,
        active: true,
        initial: 'ø',
        mode: Mode::Both,
        name: "eight ch".to_owned(),
        flags: vec![true, false, true],
        home: Some(address),
        others: [address; 2],
        lines: vec!["four".to_owned(), String::new()],
    }
}

#[test]
fn what_fills_its_capacity_comes_back() {
    let client = client();
    let other = Client { name: String::new(), flags: vec![false], lines: vec![], home: None, ..client.clone() };
    assert_eq!(loaded(&image_of(&client), other), Ok(client));
}

#[test]
fn one_more_than_the_capacity_is_refused_by_the_name_of_its_field() {
    let refusal = |change: fn(&mut Client)| {
        let mut client = client();
        change(&mut client);
        let error = client.store(&mut [0; Client::SIZE]).unwrap_err();
        (error.field().to_owned(), error.kind().clone())
    };
    let exceeded = |len, capacity| StoreErrorKind::CapacityExceeded { len, capacity };
    assert_eq!(refusal(|c| c.name.push('x')), ("name".to_owned(), exceeded(9, 8)));
    // Bytes count, not characters.
    assert_eq!(refusal(|c| c.name = "ééééé".to_owned()), ("name".to_owned(), exceeded(10, 8)));
    assert_eq!(refusal(|c| c.flags.push(true)), ("flags".to_owned(), exceeded(4, 3)));
    assert_eq!(refusal(|c| c.lines.push(String::new())), ("lines".to_owned(), exceeded(3, 2)));
    assert_eq!(refusal(|c| c.lines[1] = "fives".to_owned()), ("lines[1]".to_owned(), exceeded(5, 4)));
}

#[test]
fn bytes_that_are_no_value_are_refused_by_the_name_of_their_field() {
    let fields = Client::fields();
    let address = Address::fields();
    let home = fields.home.offset() + 4;
    let other = fields.others.at(1);
    for (offset, byte, path, found) in [
        (fields.active.offset(), 2, "active", "the byte 2"),
        (fields.initial.offset() + 2, 0x11, "initial", "the number 0x1100f8"),
        (fields.mode.offset(), 9, "mode", "the number 265"),
        (fields.name.offset(), 9, "name", "a length of 9"),
        (fields.name.offset() + 3, 0x80, "name", "a length of 2147483656"),
        (fields.name.offset() + 4 + 5, 0xff, "name", "an invalid byte at 5 of the text"),
        (fields.flags.offset(), 4, "flags", "a length of 4"),
        (fields.flags.offset() + 4 + 2, 7, "flags[2]", "the byte 7"),
        (fields.home.offset(), 3, "home", "the tag 3"),
        (home + address.letter.offset() + 3, 1, "home.letter", "the number 0x1000062"),
        (home + address.street.offset(), 7, "home.street", "a length of 7"),
        (other.then(address.street).offset() + 4, 0xc3, "others[1].street", "an invalid byte at 0 of the text"),
        (fields.lines.offset(), 3, "lines", "a length of 3"),
        (fields.lines.offset() + 4, 5, "lines[0]", "a length of 5"),
        (fields.lines.offset() + 4 + 4, 0xfe, "lines[0]", "an invalid byte at 0 of the text"),
    ] {
        let mut image = image_of(&client());
        image[offset] = byte;
        let error = loaded(&image, client()).unwrap_err();
        assert_eq!((error.field(), error.found()), (path, found), "{byte} at {offset}");
    }
}

#[test]
fn what_lies_behind_a_length_is_not_looked_at() {
    let mut image = image_of(&Client { flags: vec![true], home: None, ..client() });
    let fields = Client::fields();
    image[fields.flags.offset() + 4 + 1] = 0xff;
    image[fields.home.offset() + 4..][..8].fill(0xff);
    assert_eq!(Client::load(&image).map(|client| (client.flags, client.home)), Ok((vec![true], None)));
}

#[test]
#[should_panic(expected = "the image of `Inner` has another length than `Inner::SIZE`")]
fn an_image_of_another_length_is_the_caller_s_fault() {
    let _ = Inner::load(&[0; Inner::SIZE + 1]);
}

#[test]
#[should_panic(expected = "the image of `Inner` has another length than `Inner::SIZE`")]
fn nothing_is_stored_into_an_image_of_another_length() {
    let _ = Inner { x: 1, y: 2, z: 3 }.store(&mut [0; Inner::SIZE - 1]);
}

#[derive(SharedRecord, Debug, PartialEq)]
struct Frame {
    number: u64,
    pixels: [u8; 8 << 20],
}

#[test]
fn a_record_larger_than_the_stack_is_made_in_its_place() {
    let small_stack = std::thread::Builder::new().stack_size(256 << 10);
    let made = small_stack.spawn(|| {
        let mut image = vec![0x5a; Frame::SIZE];
        image[..8].copy_from_slice(&7u64.to_le_bytes());
        let mut place = Box::<Frame>::new_uninit();
        let frame = Frame::load_at(&image, &mut place).expect("every byte is a pixel");
        (frame.number, frame.pixels.iter().all(|pixel| *pixel == 0x5a))
    });
    assert_eq!(made.expect("a thread starts").join().expect("the stack holds"), (7, true));
}

/// One of everything that has no invalid bytes but in its depth.
#[derive(SharedRecord, Clone, Debug, PartialEq)]
struct Everything<T> {
    scalars: Scalars,
    grown: Option<Grown>,
    #[record(capacity = 2)]
    clients: Vec<Client>,
    generic: Generic<T, Mode, 2>,
    level: Extremes,
}

prop_compose! {
    fn any_scalars()(
        ints in any::<(u8, u64, i16, i8, u128, u16, i32, i64)>(),
        floats in any::<(f32, f64)>(),
        rest in any::<(bool, char, u32, i128, bool)>(),
    ) -> Scalars {
        let (a, b, c, g, h, i, k, l) = ints;
        let (d, j) = floats;
        let (e, f, m, n, o) = rest;
        Scalars { a, b, c, d, e, f, g, h, i, j, k, l, m, n, o }
    }
}

/// Text of at most `bytes` bytes, often exactly as many.
fn text(bytes: usize) -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>().prop_map(move |mut text| {
            while text.len() > bytes {
                text.pop();
            }
            text
        }),
        prop::collection::vec(b' '..=b'~', bytes).prop_map(|ascii| ascii.into_iter().map(char::from).collect()),
    ]
}

fn mode() -> impl Strategy<Value = Mode> {
    prop_oneof![Just(Mode::Off), Just(Mode::On), Just(Mode::Both)]
}

prop_compose! {
    fn any_grown()(
        plain in any::<(u8, bool, Option<u64>)>(),
        text in text(5),
        list in prop::collection::vec(any::<u16>(), 0..=3),
        mode in mode(),
        wide in prop::collection::vec(any::<u128>(), 0..=2),
        words in prop::collection::vec(text(3), 0..=2),
        pair in [prop::option::of(text(6)), prop::option::of(text(6))],
        inline in text(7),
    ) -> Grown {
        let (tag, flag, maybe) = plain;
        let inline = inline.parse().expect("seven bytes fit");
        Grown { tag, text, flag, maybe, list, mode, wide: wide.into(), words, pair, inline }
    }
}

prop_compose! {
    fn any_address()(street in text(6), letter: char) -> Address {
        Address { street: street.parse().expect("six bytes fit"), letter }
    }
}

prop_compose! {
    fn any_client()(
        plain in any::<(u32, bool, char)>(),
        mode in mode(),
        name in text(8),
        flags in prop::collection::vec(any::<bool>(), 0..=3),
        home in prop::option::of(any_address()),
        others in [any_address(), any_address()],
        lines in prop::collection::vec(text(4), 0..=2),
    ) -> Client {
        let (id, active, initial) = plain;
        Client { id, active, initial, mode, name, flags, home, others, lines }
    }
}

prop_compose! {
    fn everything()(
        scalars in any_scalars(),
        grown in prop::option::of(any_grown()),
        clients in prop::collection::vec(any_client(), 0..=2),
        first: u16,
        list in [mode(), mode()],
        last: u16,
        level in prop_oneof![Just(Extremes::Least), Just(Extremes::Next), Just(Extremes::Most)],
    ) -> Everything<u16> {
        Everything { scalars, grown, clients, generic: Generic { first, list, last }, level }
    }
}

proptest! {
    #[test]
    fn what_goes_in_comes_out(value in everything(), other in everything()) {
        let image = image_of(&value);
        prop_assert_eq!(loaded(&image, other), Ok(value));
    }

    #[test]
    fn bytes_at_random_are_a_value_or_an_error(
        value in everything(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..20),
        other in everything(),
    ) {
        let mut image = image_of(&value);
        for (at, byte) in changes {
            let at = at.index(image.len());
            image[at] = byte;
        }
        match loaded(&image, other) {
            Ok(value) => {
                let again = Everything::<u16>::load(&image_of(&value));
                prop_assert_eq!(format!("{again:?}"), format!("Ok({value:?})"));
            }
            Err(error) => {
                let first = error.field().split(['.', '[']).next();
                prop_assert!(["scalars", "grown", "clients", "generic", "level"].map(Some).contains(&first), "{}", error);
            }
        }
    }

    #[test]
    fn nothing_but_noise_is_a_value_or_an_error(image in prop::collection::vec(any::<u8>(), Everything::<u16>::SIZE)) {
        prop_assert_eq!(Everything::<u16>::load(&image).err(), Everything::<u16>::check(&image).err());
    }
}
