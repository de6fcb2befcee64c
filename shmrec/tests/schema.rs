//! Schemas: the same words in const evaluation and at run time, nothing believed that stands in a document, and every
//! difference found.

mod laid;

use laid::{Laid, any_record, any_type};
use proptest::prelude::*;
use shmrec::schema::{Schema, SchemaErrorKind as Kind, Subject, Type};
use shmrec::{Fingerprint, FixedStr, SharedRecord};

/// All scalars.
#[derive(SharedRecord)]
struct Scalars(u8, u16, u32, u64, u128, i8, i16, i32, i64, i128, f32, f64, bool, char);

/// Left or right.
///
/// Of the "road".
#[derive(SharedRecord, Clone, Copy)]
#[repr(i16)]
enum Side {
    /// Towards the sea.
    Left = -3,
    #[record(rename = "right")]
    Right = 500,
}

#[derive(SharedRecord, Clone, Copy)]
#[repr(u64)]
enum Wide {
    None = 0,
    All = u64::MAX,
}

/// A point\of the \"map\".
#[derive(SharedRecord, Clone, Copy)]
struct Point {
    /// Metres.
    x: f32,
    y: f32,
    side: Side,
}

/// Everything.
#[derive(SharedRecord)]
#[record(name = "map.Everything")]
struct Everything {
    /// Nested.
    origin: Point,
    /// Many.
    track: [[Point; 2]; 3],
    scalars: Scalars,
    wide: Option<Wide>,
    #[doc = " Tab\tand control \u{1}."]
    #[record(capacity = 9)]
    name: String,
    short: FixedStr<5>,
    #[record(capacity = 3)]
    list: Vec<Option<u128>>,
    #[record(capacity = (2, 7))]
    words: Option<Box<[String]>>,
    empty: [u64; 0],
    #[record(capacity = 2)]
    points: Vec<Point>,
}

#[derive(SharedRecord)]
struct Generic<T, const N: usize> {
    größe: [T; N],
}

fn the_hash_is_of_the_canonical_form<T: SharedRecord>() {
    let schema = Schema::of::<T>();
    assert_eq!(Fingerprint::of_canonical(&schema.canonical()), T::FINGERPRINT, "{}", schema.canonical());
    assert_eq!(schema.fingerprint(), T::FINGERPRINT);
    assert_eq!(schema.record().size, T::SIZE);
}

#[test]
fn const_evaluation_hashes_what_the_canonical_form_says() {
    the_hash_is_of_the_canonical_form::<Scalars>();
    the_hash_is_of_the_canonical_form::<Point>();
    the_hash_is_of_the_canonical_form::<Everything>();
    the_hash_is_of_the_canonical_form::<Generic<bool, 1>>();
    the_hash_is_of_the_canonical_form::<Generic<Point, 1000>>();
}

#[test]
fn the_canonical_form_is_this() {
    assert_eq!(
        Schema::of::<Point>().canonical(),
        concat!(
            r#"{"record":"Point","size":12,"align":4,"fields":["#,
            r#"{"name":"x","offset":0,"type":"f32"},"#,
            r#"{"name":"y","offset":4,"type":"f32"},"#,
            r#"{"name":"side","offset":8,"type":{"enum":"Side","size":2,"align":2,"tag":"i16","variants":["#,
            r#"{"name":"Left","value":"-3","fields":[]},{"name":"right","value":"500","fields":[]}]}}]}"#,
        )
    );
    let everything = Schema::of::<Everything>().canonical();
    for part in [
        r#"{"record":"map.Everything","size":"#,
        r#"{"array":{"array":{"record":"Point","#,
        r#"},"len":2},"len":3}"#,
        r#"{"name":"13","offset":"#,
        r#""type":{"option":{"enum":"Wide","size":8,"align":8,"tag":"u64","variants":["#,
        r#"{"name":"All","value":"18446744073709551615","fields":[]}"#,
        r#""type":{"string":9}}"#,
        r#""type":{"string":5}}"#,
        r#""type":{"vec":{"option":"u128"},"capacity":3}}"#,
        r#""type":{"option":{"vec":{"string":7},"capacity":2}}}"#,
        r#""type":{"array":"u64","len":0}}"#,
    ] {
        assert!(everything.contains(part), "{part} in {everything}");
    }
}

#[test]
fn docs_stand_under_the_path_of_what_they_are_about() {
    let json = Schema::of::<Everything>().to_json();
    let docs = json.split_once(r#""docs":"#).expect("docs").1;
    assert_eq!(
        docs,
        concat!(
            r#"{"":"Everything.","name":"Tab\tand control \u0001.","origin":"Nested.","#,
            r#""origin.":"A point\\of the \\\"map\\\".","origin.side.":"Left or right.\n\nOf the \"road\".","#,
            r#""origin.side.Left":"Towards the sea.","origin.x":"Metres.","#,
            r#""points[].":"A point\\of the \\\"map\\\".","points[].side.":"Left or right.\n\nOf the \"road\".","#,
            r#""points[].side.Left":"Towards the sea.","points[].x":"Metres.","#,
            r#""scalars.":"All scalars.","track":"Many.","#,
            r#""track[][].":"A point\\of the \\\"map\\\".","track[][].side.":"Left or right.\n\nOf the \"road\".","#,
            r#""track[][].side.Left":"Towards the sea.","track[][].x":"Metres."}}"#,
        )
    );
}

fn comes_back<T: SharedRecord>() {
    let schema = Schema::of::<T>();
    assert_eq!(Schema::parse(&schema.to_json()), Ok(schema.clone()));
    let bare = schema.without_docs();
    assert!(bare.to_json().ends_with(r#","docs":{}}"#));
    assert_eq!(bare.canonical(), schema.canonical());
    assert_eq!(Schema::parse(&bare.to_json()), Ok(bare));
}

#[test]
fn what_is_written_is_read() {
    comes_back::<Scalars>();
    comes_back::<Point>();
    comes_back::<Everything>();
    comes_back::<Generic<Option<[u8; 0]>, 2>>();
    comes_back::<Generic<Everything, 3>>();
}

#[test]
fn types_are_written_like_rust() {
    let words: Vec<String> =
        Schema::of::<Everything>().record().fields.iter().map(|field| field.ty.to_string()).collect();
    assert_eq!(
        words,
        [
            "Point",
            "[[Point; 2]; 3]",
            "Scalars",
            "Option<Wide>",
            "String (capacity 9)",
            "String (capacity 5)",
            "Vec<Option<u128>> (capacity 3)",
            "Option<Vec<String (capacity 7)> (capacity 2)>",
            "[u64; 0]",
            "Vec<Point> (capacity 2)",
        ]
    );
    let scalars: Vec<String> =
        Schema::of::<Scalars>().record().fields.iter().map(|field| field.ty.to_string()).collect();
    assert_eq!(scalars.join(" "), "u8 u16 u32 u64 u128 i8 i16 i32 i64 i128 f32 f64 bool char");
}

#[test]
fn a_type_knows_its_size_and_its_alignment() {
    let check = |record: &shmrec::schema::Record| {
        let mut end = 0usize;
        for field in &record.fields {
            assert_eq!(field.offset, end.next_multiple_of(field.ty.align()), "{}", field.name);
            end = field.offset + field.ty.size();
        }
        assert_eq!(record.size, end.next_multiple_of(record.align));
    };
    check(Schema::of::<Everything>().record());
    check(Schema::of::<Scalars>().record());
    assert_eq!(Type::Option { element: Box::new(Type::U64) }.value_offset(), 8);
    assert_eq!(Type::Vec { element: Box::new(Type::U128), capacity: 1 }.value_offset(), 16);
    assert_eq!(Type::Vec { element: Box::new(Type::U8), capacity: 1 }.value_offset(), 4);
}

/// The document of a record with one field of each kind, to be damaged.
fn sound() -> String {
    let enum_type = r#"{"enum":"E","size":1,"align":1,"tag":"u8","variants":[
        {"name":"A","value":"0","fields":[]},{"name":"B","value":"255","fields":[]}]}"#;
    let data_enum = r#"{"enum":"D","size":16,"align":8,"tag":"i8","variants":[
        {"name":"N","value":"-128","fields":[]},{"name":"S","value":"1","fields":[{"name":"v","offset":8,"type":"f64"}]}]}"#;
    let nested = r#"{"record":"R","size":8,"align":4,"fields":[
        {"name":"p","offset":0,"type":"u32"},{"name":"q","offset":4,"type":"bool"}]}"#;
    format!(
        r#"{{"shmrec":1,"schema":{{"record":"Sound","size":96,"align":8,"fields":[
            {{"name":"a","offset":0,"type":"u64"}},
            {{"name":"b","offset":8,"type":{{"array":"u16","len":3}}}},
            {{"name":"c","offset":16,"type":{{"option":"u32"}}}},
            {{"name":"d","offset":24,"type":{{"string":5}}}},
            {{"name":"e","offset":36,"type":{{"vec":"u8","capacity":6}}}},
            {{"name":"f","offset":48,"type":{{"array":{nested},"len":2}}}},
            {{"name":"g","offset":64,"type":{enum_type}}},
            {{"name":"h","offset":72,"type":{data_enum}}},
            {{"name":"i","offset":88,"type":"char"}}
        ]}},"docs":{{"":"Docs.","a":"Of a.","f[].q":"Of q.","h.S.v":"Of v."}}}}"#
    )
}

#[test]
fn a_sound_document_is_read() {
    let schema = Schema::parse(&sound()).unwrap();
    let fields = &schema.record().fields;
    assert_eq!(fields[0].docs, "Of a.");
    let Type::Enum(of) = &fields[7].ty else { panic!("an enum") };
    assert_eq!((of.variants[1].fields[0].docs.as_str(), of.variants[1].fields[0].offset), ("Of v.", 8));
}

#[test]
fn every_damage_is_named_with_its_place() {
    let name = |name: &str| Kind::Name { name: name.to_owned() };
    let value = |value: &str| Kind::Value { value: value.to_owned() };
    let unknown = |key: &str| Kind::UnknownKey { key: key.to_owned() };
    let form = |key, expected| Kind::Form { key, expected };
    for (from, to, path, kind) in [
        // The document.
        (r#""shmrec":1"#, r#""shmrec":2"#, "", Kind::Version { found: "2".to_owned() }),
        (r#""shmrec":1"#, r#""shmrec":"1""#, "", form("shmrec", "a number")),
        (r#""shmrec":1,"#, "", "", Kind::MissingKey { key: "shmrec" }),
        (r#""docs":{"":"#, r#""more":0,"docs":{"":"#, "", unknown("more")),
        (r#""shmrec":1"#, r#""shmrec":2,"shmrec":1"#, "", Kind::DuplicateKey),
        (r#""schema":{"#, r#""schema":[{"#, "", Kind::Syntax { line: 14, column: 18 }),
        (r#""docs":{"":"Docs.""#, r#""docs":{"":0"#, "", form("docs", "a string")),
        (r#""f[].q":"#, r#""f.q":"#, "", Kind::StrayDocs { path: "f.q".to_owned() }),
        (r#""a":"Of a.""#, r#""a":"","a":"""#, "", Kind::DuplicateKey),
        // Names.
        (r#""record":"Sound""#, r#""record":"""#, "", name("")),
        (r#""record":"Sound""#, r#""record":"So und""#, "", name("So und")),
        (r#""record":"R""#, r#""record":"R\u001b[31m""#, "f[]", name("R\u{1b}[31m")),
        (r#""record":"R""#, r#""record":7"#, "f[]", form("record", "a string")),
        (r#""name":"b""#, r#""name":"b.c""#, "", name("b.c")),
        (r#""name":"b""#, r#""name":"a""#, "", Kind::DuplicateName { name: "a".to_owned() }),
        (r#""name":"q""#, r#""name":"p""#, "f[]", Kind::DuplicateName { name: "p".to_owned() }),
        (r#""name":"B""#, r#""name":"A""#, "g", Kind::DuplicateName { name: "A".to_owned() }),
        (r#""name":"B""#, r#""name":"B]""#, "g", name("B]")),
        // Numbers.
        (
            r#""offset":8,"type":{"array":"u16""#,
            r#""offset":-8,"type":{"array":"u16""#,
            "b",
            form("offset", "a whole number"),
        ),
        (r#""len":3"#, r#""len":2.5"#, "b", form("len", "a whole number")),
        (r#""len":3"#, r#""len":1e99"#, "b", Kind::TooLarge),
        (r#""len":3"#, r#""len":1e999"#, "b", form("len", "a whole number")),
        (r#""len":3"#, r#""len":1073741824"#, "b", Kind::TooLarge),
        (r#""len":3"#, r#""len":"3""#, "b", form("len", "a number")),
        (r#""len":3"#, r#""len":null"#, "b", form("len", "a number")),
        (r#""capacity":6"#, r#""capacity":0"#, "e", Kind::Capacity),
        (r#""capacity":6"#, r#""capacity":1073741824"#, "e", Kind::TooLarge),
        (r#""capacity":6"#, r#""capacity":1e300"#, "e", Kind::TooLarge),
        (r#"{"string":5}"#, r#"{"string":0}"#, "d", Kind::Capacity),
        (r#"{"string":5}"#, r#"{"string":1073741824}"#, "d", Kind::TooLarge),
        (r#"{"option":"u32"}"#, r#"{"option":{"array":"u8","len":1073741824}}"#, "c", Kind::TooLarge),
        // Places.
        (r#""size":96"#, r#""size":104"#, "", Kind::Size { stated: 104, computed: 96 }),
        (r#""size":96"#, r#""size":88"#, "i", Kind::Outside { end: 92, size: 88 }),
        (r#""size":8,"align":4"#, r#""size":12,"align":4"#, "f[]", Kind::Size { stated: 12, computed: 8 }),
        (r#""size":8,"align":4"#, r#""size":8,"align":8"#, "f[]", Kind::Alignment { align: 8 }),
        (r#""size":8,"align":4"#, r#""size":8,"align":3"#, "f[]", Kind::Alignment { align: 3 }),
        (r#""size":8,"align":4"#, r#""size":8,"align":0"#, "f[]", Kind::Alignment { align: 0 }),
        (r#""size":96,"align":8"#, r#""size":128,"align":128"#, "", Kind::Alignment { align: 128 }),
        (r#""offset":88"#, r#""offset":90"#, "i", Kind::Misaligned { offset: 90, align: 4 }),
        (r#""offset":88"#, r#""offset":84"#, "i", Kind::Overlap { offset: 84, end: 88 }),
        (r#""offset":88"#, r#""offset":0"#, "a", Kind::Overlap { offset: 0, end: 4 }),
        (r#""offset":88"#, r#""offset":1073741824"#, "i", Kind::Outside { end: (1 << 30) + 4, size: 96 }),
        (r#""offset":4,"type":"bool""#, r#""offset":8,"type":"bool""#, "f[].q", Kind::Outside { end: 9, size: 8 }),
        // Types.
        (r#""type":"char""#, r#""type":"usize""#, "i", Kind::UnknownType { name: "usize".to_owned() }),
        (r#""type":"char""#, r#""type":{"tuple":[]}"#, "i", Kind::UnknownType { name: "tuple".to_owned() }),
        (r#""type":"char""#, r#""type":{}"#, "i", Kind::UnknownType { name: String::new() }),
        (r#""type":"char""#, r#""type":4"#, "i", form("type", "a string or an object")),
        (r#""type":"char""#, r#""type":"char","default":0"#, "", unknown("default")),
        (r#"{"option":"u32"}"#, r#"{"option":"u32","len":1}"#, "c", unknown("len")),
        (r#"{"array":"u16","len":3}"#, r#"{"array":"u16"}"#, "b", Kind::MissingKey { key: "len" }),
        (
            r#"{"array":"u16","len":3}"#,
            r#"{"array":"u17","len":3}"#,
            "b[]",
            Kind::UnknownType { name: "u17".to_owned() },
        ),
        // Enums.
        (r#""tag":"u8""#, r#""tag":"f32""#, "g", Kind::Tag),
        (r#""tag":"u8""#, r#""tag":"u128""#, "g", Kind::Tag),
        (r#""tag":"u8""#, r#""tag":{"option":"u8"}"#, "g", Kind::Tag),
        (r#""value":"255""#, r#""value":"256""#, "g.B", value("256")),
        (r#""value":"255""#, r#""value":"-1""#, "g.B", value("-1")),
        (r#""value":"255""#, r#""value":"0""#, "g.B", value("0")),
        (r#""value":"255""#, r#""value":"007""#, "g.B", value("007")),
        (r#""value":"255""#, r#""value":"+7""#, "g.B", value("+7")),
        (r#""value":"255""#, r#""value":255"#, "g.B", form("value", "a string")),
        (r#""value":"-128""#, r#""value":"-129""#, "h.N", value("-129")),
        (r#""size":1,"align":1"#, r#""size":2,"align":1"#, "g", Kind::Size { stated: 2, computed: 1 }),
        (r#""name":"v","offset":8"#, r#""name":"v","offset":0"#, "h.S.v", Kind::Overlap { offset: 0, end: 1 }),
        (r#""name":"v","offset":8"#, r#""name":"v","offset":16"#, "h.S.v", Kind::Outside { end: 24, size: 16 }),
        (r#"{"name":"A","value":"0","fields":[]},{"name":"B","value":"255","fields":[]}"#, "", "g", Kind::NoVariants),
    ] {
        let text = sound();
        assert!(text.contains(from), "{from} is in the document");
        let error = Schema::parse(&text.replacen(from, to, 1)).expect_err(to);
        assert_eq!((error.path(), error.kind()), (path, &kind), "{from} -> {to}: {error}");
    }
}

#[test]
fn errors_are_sentences() {
    let error = Schema::parse(&sound().replace(r#""offset":88"#, r#""offset":84"#)).unwrap_err();
    assert_eq!(error.to_string(), r#"schema of "i": it begins at 84, before 88, where another part ends"#);
    assert_eq!(Schema::parse("{").unwrap_err().to_string(), "schema: not JSON at line 1, column 1");
}

#[test]
fn depth_and_length_are_bounded_before_anything_is_read() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(matches!(Schema::parse(&nested(64)).unwrap_err().kind(), Kind::Form { .. }));
    assert_eq!(Schema::parse(&nested(65)).unwrap_err().kind(), &Kind::TooDeep);
    assert_eq!(Schema::parse(&"[".repeat(1 << 20)).unwrap_err().kind(), &Kind::TooDeep);
    assert_eq!(Schema::parse(&"{\"a\":".repeat(200_000)).unwrap_err().kind(), &Kind::TooDeep);
    assert_eq!(Schema::parse(&" ".repeat((1 << 20) + 1)).unwrap_err().kind(), &Kind::TooLong { len: (1 << 20) + 1 });
    // Brackets in strings are none, whatever stands before them.
    let document = sound().replace("Of a.", &format!(r#"\"\\\"{}"#, "[".repeat(300)));
    assert!(Schema::parse(&document).is_ok());
}

#[test]
fn the_deepest_document_needs_little_stack() {
    let options = (0..60).fold(r#""u8""#.to_owned(), |ty, _| format!(r#"{{"option":{ty}}}"#));
    let deepest = format!(
        r#"{{"shmrec":1,"schema":{{"record":"R","size":61,"align":1,"fields":[{{"name":"a","offset":0,"type":{options}}}]}},"docs":{{}}}}"#
    );
    assert_eq!(Schema::parse(&deepest.replace(r#""u8""#, r#"{"option":"u8"}"#)).unwrap_err().kind(), &Kind::TooDeep);
    let read = std::thread::Builder::new().stack_size(256 << 10).spawn(move || {
        let schema = Schema::parse(&deepest).expect("as deep as can be");
        assert_eq!(schema.to_json(), deepest);
        assert_eq!(schema.differences(&schema.clone()), []);
    });
    read.expect("a thread starts").join().expect("the stack holds");
}

#[test]
fn values_without_bytes_are_counted_too() {
    // A reader that visits every element must come to an end.
    let array = |element: &str| format!(r#"{{"array":{element},"len":100000}}"#);
    let record = |ty: &str| {
        format!(
            r#"{{"shmrec":1,"schema":{{"record":"R","size":0,"align":1,"fields":[{{"name":"a","offset":0,"type":{ty}}}]}},"docs":{{}}}}"#
        )
    };
    let empty = r#"{"record":"E","size":0,"align":1,"fields":[]}"#;
    assert!(Schema::parse(&record(&array(empty))).is_ok());
    let error = Schema::parse(&record(&array(&array(empty)))).unwrap_err();
    assert_eq!((error.path(), error.kind()), ("a", &Kind::TooLarge));
}

mod left {
    use shmrec::SharedRecord;

    #[derive(SharedRecord)]
    #[repr(u8)]
    pub(crate) enum Tier {
        Basic,
        Gold,
        Lead,
    }

    #[derive(SharedRecord)]
    pub(crate) struct Address {
        pub(crate) zip: u32,
        pub(crate) city: u16,
    }

    #[derive(SharedRecord)]
    pub(crate) struct Client {
        pub(crate) id: u32,
        #[record(capacity = 32)]
        pub(crate) name: String,
        pub(crate) balance: f64,
        pub(crate) gone: bool,
        pub(crate) address: Address,
        pub(crate) homes: [Address; 2],
        pub(crate) tier: Tier,
        pub(crate) same: Option<Address>,
    }
}

mod right {
    use shmrec::SharedRecord;

    #[derive(SharedRecord)]
    #[repr(u16)]
    pub(crate) enum Tier {
        Basic,
        Silver,
        Gold,
    }

    #[derive(SharedRecord)]
    pub(crate) struct Address {
        pub(crate) zip: u32,
        pub(crate) city: u32,
    }

    #[derive(SharedRecord)]
    #[record(name = "Customer")]
    pub(crate) struct Client {
        pub(crate) id: u32,
        #[record(capacity = 24)]
        pub(crate) name: String,
        pub(crate) balance: i64,
        pub(crate) address: Address,
        pub(crate) homes: [Address; 2],
        pub(crate) tier: Tier,
        pub(crate) same: Option<super::left::Address>,
        pub(crate) new: [bool; 3],
    }
}

#[test]
fn differences_are_told_in_the_order_of_the_fields() {
    let (here, there) = (Schema::of::<left::Client>(), Schema::of::<right::Client>());
    let words: Vec<String> = here.differences(&there).iter().map(ToString::to_string).collect();
    assert_eq!(
        words,
        [
            r#"name of the record: here "Client", in the segment "Customer""#,
            r#"field "name": here String (capacity 32) at 4, in the segment String (capacity 24) at 4"#,
            r#"field "balance": here f64 at 40, in the segment i64 at 32"#,
            r#"field "gone": here bool at 48, not in the segment"#,
            r#"field "address": here Address at 52, in the segment Address at 40"#,
            r#"field "address.city": here u16 at 4, in the segment u32 at 4"#,
            r#"field "homes": here [Address; 2] at 60, in the segment [Address; 2] at 48"#,
            r#"field "homes[].city": here u16 at 4, in the segment u32 at 4"#,
            r#"field "tier": here Tier at 76, in the segment Tier at 64"#,
            r#"tag of "tier": here u8, in the segment u16"#,
            r#"variant "tier.Gold": here 1, in the segment 2"#,
            r#"variant "tier.Lead": here 2, not in the segment"#,
            r#"variant "tier.Silver": not here, in the segment 1"#,
            r#"size of "tier": here 1 bytes, in the segment 2 bytes"#,
            r#"alignment of "tier": here 1, in the segment 2"#,
            r#"field "same": here Option<Address> at 80, in the segment Option<Address> at 68"#,
            r#"field "new": not here, in the segment [bool; 3] at 80"#,
            r#"size of the record: here 96 bytes, in the segment 88 bytes"#,
        ]
    );
    assert_eq!(here.differences(&there)[5].path(), "address.city");
    assert_eq!(here.differences(&there)[3].in_segment(), None);
    assert_eq!(here.differences(&here), []);
}

#[test]
fn docs_are_no_difference() {
    let schema = Schema::of::<Everything>();
    assert_ne!(schema, schema.without_docs());
    assert_eq!(schema.differences(&schema.without_docs()), []);
}

#[test]
fn the_order_of_fields_is_a_difference() {
    mod swapped {
        #[derive(shmrec::SharedRecord)]
        pub(crate) struct Pair {
            pub(crate) b: [u8; 0],
            pub(crate) a: [u8; 0],
            pub(crate) c: u8,
        }
    }
    #[derive(SharedRecord)]
    struct Pair {
        a: [u8; 0],
        b: [u8; 0],
        c: u8,
    }
    let differences = Schema::of::<Pair>().differences(&Schema::of::<swapped::Pair>());
    assert_eq!(differences.len(), 1);
    assert_eq!(differences[0].subject(), Subject::Order);
    assert_eq!(
        differences[0].to_string(),
        r#"order of the record: here "a" in place 0, in the segment "b" in place 0"#
    );
}

proptest! {
    #[test]
    fn every_sound_schema_is_read_and_written_unchanged(record in any_record(any_type())) {
        let schema = Schema::parse(&record.document()).expect("laid out by the rule");
        prop_assert_eq!(schema.canonical(), &record.json[..]);
        prop_assert_eq!(schema.to_json(), record.document());
        prop_assert_eq!((schema.record().size, schema.record().align), (record.size, record.align));
    }

    #[test]
    fn there_are_differences_exactly_when_the_canonical_forms_differ(
        here in any_record(any_type()),
        there in any_record(any_type()),
        same: bool,
    ) {
        let there = if same { here.clone() } else { there };
        let [ours, theirs] = [&here, &there].map(|laid| Schema::parse(&laid.document()).expect("laid out by the rule"));
        let differences = ours.differences(&theirs);
        prop_assert_eq!(differences.is_empty(), here.json == there.json, "{:?}", differences);
    }

    #[test]
    fn one_changed_number_is_found(
        record in any_record(any_type()),
        at: prop::sample::Index,
        digit in b'0'..=b'9',
    ) {
        let schema = Schema::parse(&record.document()).expect("laid out by the rule");
        let digits: Vec<usize> = record.json.bytes().enumerate().filter(|(_, b)| b.is_ascii_digit()).map(|(i, _)| i).collect();
        let mut json = record.json.clone().into_bytes();
        json[digits[at.index(digits.len())]] = digit;
        let json = String::from_utf8(json).expect("ASCII");
        let document = Laid { json: json.clone(), ..record.clone() }.document();
        // What is still sound is another schema, and its differences are found.
        if let Ok(other) = Schema::parse(&document) {
            prop_assert_eq!(schema.differences(&other).is_empty(), json == record.json, "{}", json);
        }
    }

    #[test]
    fn a_damaged_document_is_a_schema_or_an_error(
        damages in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0..8usize), 1..6),
        whole: bool,
    ) {
        let mut text = if whole { Schema::of::<Everything>().to_json() } else { sound() };
        for (from, to, what) in damages {
            let (from, to) = (from.index(text.len() + 1), to.index(text.len() + 1));
            let (from, to) = (from.min(to), from.max(to).min(from.min(to) + 40));
            if !text.is_char_boundary(from) || !text.is_char_boundary(to) {
                continue;
            }
            let piece = text[from..to].to_owned();
            match what {
                0 => text.replace_range(from..to, ""),
                1 => text.insert_str(to, &piece),
                2 => text.insert(from, '"'),
                3 => text.insert_str(from, "{\"a\":["),
                4 => text.insert_str(from, "999999999999999999999"),
                5 => text.insert_str(from, "\\ud800"),
                6 => text.insert(from, '-'),
                _ => text = text.replacen(|c: char| c.is_ascii_digit(), "7", from % 50),
            }
        }
        if let Ok(schema) = Schema::parse(&text) {
            prop_assert_eq!(Schema::parse(&schema.to_json()), Ok(schema));
        }
    }

    #[test]
    fn noise_is_a_schema_or_an_error(text in r#"[\[\]{}",:0-9a-z\\. -]{0,200}"#) {
        prop_assert!(Schema::parse(&text).is_err());
    }
}
