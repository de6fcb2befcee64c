//! Images of all shapes: what goes in comes out by every way, the bytes between the fields are zero, whatever stands in an
//! image is a value or an error that names its field, and a C compiler would lay the fields out alike.

use std::fmt::Debug;

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, TestRng, TestRunner};
use shmrec::schema::{FieldSchema, Schema, Type};
use shmrec::{LoadError, SharedRecord};
use shmrec_tests::random::Random;
use shmrec_tests::shapes::Shape;

fn runner() -> TestRunner {
    TestRunner::new_with_rng(Config::default(), TestRng::deterministic_rng(Default::default()))
}

fn any<S: Shape>(runner: &mut TestRunner) -> S {
    S::arbitrary().new_tree(runner).expect("a value").current()
}

fn image_of<S: Shape>(value: &S) -> Vec<u8> {
    let mut image = vec![0; S::SIZE];
    value.store(&mut image).expect("an arbitrary value fits");
    image
}

/// The value of an image, made in every way; they must agree. `other` is what is there before.
#[track_caller]
fn loaded<S: Shape>(image: &[u8], mut other: S) -> Result<S, LoadError> {
    let afresh = S::load(image);
    let error = afresh.as_ref().err();
    assert_eq!(error, S::check(image).as_ref().err(), "check and load");
    assert_eq!(error, other.load_into(image).as_ref().err(), "load_into and load");
    let mut place = Box::<S>::new_uninit();
    let at = S::load_at(image, &mut place);
    assert_eq!(error, at.as_ref().err(), "load_at and load");
    if let (Ok(afresh), Ok(at)) = (&afresh, at) {
        assert!(afresh.same(at), "load_at made {at:?}, load {afresh:?}");
        assert!(afresh.same(&other), "load_into made {other:?}, load {afresh:?}");
        // SAFETY: it was made, and nothing uses it any more.
        #[allow(unsafe_code)]
        unsafe {
            std::ptr::drop_in_place(at);
        }
    }
    afresh
}

/// Marks the bytes that stand for a value, given the image that has it.
fn mark(ty: &Type, at: usize, image: &[u8], own: &mut [bool]) {
    let len = |at: usize| u32::from_le_bytes(image[at..at + 4].try_into().expect("four bytes")) as usize;
    match ty {
        Type::Array { element, len } => {
            for i in 0..*len {
                mark(element, at + i * element.size(), image, own);
            }
        }
        Type::Option { element } => {
            own[at] = true;
            if image[at] == 1 {
                mark(element, at + ty.value_offset(), image, own);
            }
        }
        Type::String { .. } => own[at..at + 4 + len(at)].fill(true),
        Type::Vec { element, .. } => {
            own[at..at + 4].fill(true);
            for i in 0..len(at) {
                mark(element, at + ty.value_offset() + i * element.size(), image, own);
            }
        }
        Type::Record(record) => mark_fields(&record.fields, at, image, own),
        Type::Enum(of) => {
            let tag = of.tag.size();
            own[at..at + tag].fill(true);
            let mut bytes = [0; 16];
            bytes[..tag].copy_from_slice(&image[at..at + tag]);
            let signed = matches!(*of.tag, Type::I8 | Type::I16 | Type::I32 | Type::I64);
            if signed && bytes[tag - 1] >= 0x80 {
                bytes[tag..].fill(0xff);
            }
            let value = i128::from_le_bytes(bytes);
            let variant = of.variants.iter().find(|variant| variant.value == value).expect("a valid tag");
            mark_fields(&variant.fields, at, image, own);
        }
        Type::Duration | Type::SystemTime => own[at..at + 12].fill(true),
        scalar => own[at..at + scalar.size()].fill(true),
    }
}

fn mark_fields(fields: &[FieldSchema], at: usize, image: &[u8], own: &mut [bool]) {
    for field in fields {
        mark(&field.ty, at + field.offset, image, own);
    }
}

/// How many values of each shape, fewer of those whose images are large.
fn cases<S: Shape>() -> usize {
    (100_000 / S::SIZE).clamp(4, 32)
}

fn what_goes_in_comes_out<S: Shape>() {
    let mut runner = runner();
    for _ in 0..cases::<S>() {
        let (value, other) = (any::<S>(&mut runner), any::<S>(&mut runner));
        let image = image_of(&value);
        let back = loaded(&image, other).expect("its own image");
        assert!(back.same(&value), "{back:?} came out, {value:?} went in");
        assert_eq!(image_of(&back), image);
    }
}

fn what_no_value_stands_in_is_zero<S: Shape>() {
    let schema = Schema::of::<S>();
    let mut runner = runner();
    for _ in 0..cases::<S>() {
        let value = any::<S>(&mut runner);
        let image = image_of(&value);
        let mut own = vec![false; S::SIZE];
        mark_fields(&schema.record().fields, 0, &image, &mut own);
        let leaked = (0..S::SIZE).find(|i| !own[*i] && image[*i] != 0);
        assert_eq!(leaked, None, "the byte there is not zero in the image of {value:?}");
    }
}

/// Looks at an image with damage.
#[track_caller]
fn value_or_error<S: Shape>(image: &[u8], other: &S) {
    match loaded(image, other.clone()) {
        // What came out goes in again, and out.
        Ok(value) => assert!(S::load(&image_of(&value)).is_ok_and(|again| again.same(&value))),
        Err(error) => {
            let first = error.field().split(['.', '[']).next().expect("a first step");
            assert!(
                S::RECORD.fields.iter().any(|field| field.name == first),
                "the field {:?} of the error is none of the record's: {error}",
                error.field()
            );
            assert!(!error.found().is_empty() && !error.expected().is_empty(), "{error}");
        }
    }
}

/// In images of more bytes, which one shape has, every 4093rd byte is damaged, not every one.
const LARGE: usize = 8 << 10;

fn every_byte_may_be_anything<S: Shape>() {
    let mut runner = runner();
    let mut random = Random::new(S::SIZE as u64);
    for _ in 0..2 {
        let (value, other) = (any::<S>(&mut runner), any::<S>(&mut runner));
        let mut image = image_of(&value);
        let step = if S::SIZE > LARGE { 4093 } else { 1 };
        for at in (0..S::SIZE).step_by(step) {
            let byte = image[at];
            for damaged in [!byte, byte ^ 1, byte ^ 0x80, byte.wrapping_add(2), random.next() as u8] {
                image[at] = damaged;
                value_or_error(&image, &other);
            }
            image[at] = byte;
        }
    }
    for _ in 0..cases::<S>() {
        let other = any::<S>(&mut runner);
        let noise = random.bytes(S::SIZE);
        value_or_error(&noise, &other);
        // Small numbers are lengths and tags more often.
        let small: Vec<u8> = noise.iter().map(|byte| if byte % 3 > 0 { 0 } else { byte % 5 }).collect();
        value_or_error(&small, &other);
    }
}

fn the_schema_is_read_back<S: SharedRecord>() {
    let schema = Schema::of::<S>();
    assert_eq!(schema.fingerprint(), S::FINGERPRINT);
    assert_eq!(Schema::parse(&schema.to_json()), Ok(schema.clone()));
    assert_eq!((schema.record().size, schema.record().align), (S::SIZE, S::ALIGN));
    for field in &schema.record().fields {
        assert_eq!(field.offset % field.ty.align(), 0, "{}", field.name);
    }
}

/// The declaration of the C header, without the padding that it spells out: only the types of the fields, in their order. The
/// header's own `static_assert`s hold the compiler's layout of each struct and union in it against the schema.
#[cfg(unix)]
fn a_c_compiler_lays_out_alike<S: SharedRecord>() {
    use std::io::Write;
    use std::process::{Command, Stdio};

    let schema = Schema::of::<S>();
    let header = schema.to_c();
    // C has no member without bytes. In a record its alignment counts, and there the padding has to stay.
    let all_have_bytes = schema.record().fields.iter().all(|field| field.ty.size() > 0);
    let is_left_out = |line: &&str| all_have_bytes && line.starts_with("    uint8_t padding");
    let fields: String = header.lines().filter(|line| !is_left_out(line)).flat_map(|line| [line, "\n"]).collect();
    assert!(fields.matches("static_assert(offsetof(").count() >= S::RECORD.fields.len().min(3), "{fields}");
    // The linker of every Rust installation is a C compiler.
    let mut compiler = Command::new("cc");
    compiler.args(["-x", "c", "-std=c11", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-"]);
    let mut compiler = compiler.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("cc");
    compiler.stdin.take().expect("its input").write_all(fields.as_bytes()).expect("cc reads");
    let output = compiler.wait_with_output().expect("cc ends");
    assert!(output.status.success(), "{}\n{fields}", String::from_utf8_lossy(&output.stderr));
}

macro_rules! tests {
    ($($name:ident: $shape:ty,)*) => {
        mod what_goes_in_comes_out_of {
            $(#[test] fn $name() { super::what_goes_in_comes_out::<$shape>(); })*
        }

        mod what_no_value_stands_in_is_zero_in {
            $(#[test] fn $name() { super::what_no_value_stands_in_is_zero::<$shape>(); })*
        }

        mod every_byte_may_be_anything_in {
            $(#[test] fn $name() { super::every_byte_may_be_anything::<$shape>(); })*
        }

        mod the_schema_is_read_back_of {
            $(#[test] fn $name() { super::the_schema_is_read_back::<$shape>(); })*
        }

        #[cfg(unix)]
        mod a_c_compiler_lays_out_alike {
            $(#[test] fn $name() { super::a_c_compiler_lays_out_alike::<$shape>(); })*
        }
    };
}

shmrec_tests::each_shape!(tests);

#[test]
fn there_are_enough_shapes() {
    macro_rules! count {
        ($($name:ident: $shape:ty,)*) => {
            [$(stringify!($name)),*].len()
        };
    }
    assert!(shmrec_tests::each_shape!(count) >= 30);
}

/// A test that looks for leaks must find one.
#[test]
fn the_bytes_of_a_value_are_known() {
    use shmrec_tests::shapes::{Figures, Padded, Texts};
    fn unmarked<S: Shape + Debug>() -> usize {
        let value = any::<S>(&mut runner());
        let image = image_of(&value);
        let mut own = vec![false; S::SIZE];
        mark_fields(&Schema::of::<S>().record().fields, 0, &image, &mut own);
        own.iter().filter(|own| !**own).count()
    }
    assert!(unmarked::<Padded>() > 20 && unmarked::<Texts>() > 1000 && unmarked::<Figures>() > 10);
}
