//! Schemas at random, in the words of the format, laid out by its rule.

use proptest::prelude::*;

/// A type in the words of the format, laid out.
#[derive(Clone, Debug)]
pub(crate) struct Laid {
    pub(crate) json: String,
    pub(crate) size: usize,
    pub(crate) align: usize,
}

impl Laid {
    fn scalar(name: &str, size: usize, align: usize) -> Self {
        Self { json: format!("{name:?}"), size, align }
    }

    /// Fields behind the first `from` bytes, each after some more that are left free.
    fn fields(from: usize, align: usize, fields: &[(&str, usize, Self)]) -> Self {
        let (mut json, mut end, mut align) = (Vec::new(), from, align);
        for (name, gap, ty) in fields {
            let offset = end.next_multiple_of(ty.align) + gap * ty.align;
            json.push(format!(r#"{{"name":"{name}","offset":{offset},"type":{}}}"#, ty.json));
            (end, align) = (offset + ty.size, align.max(ty.align));
        }
        Self { json: format!("[{}]", json.join(",")), size: end.next_multiple_of(align), align }
    }

    pub(crate) fn record(name: &str, fields: &[(&str, usize, Self)]) -> Self {
        let Self { json, size, align } = Self::fields(0, 1, fields);
        let json = format!(r#"{{"record":"{name}","size":{size},"align":{align},"fields":{json}}}"#);
        Self { json, size, align }
    }

    fn tuple(parts: Vec<Self>) -> Self {
        let fields: Vec<_> = ["0", "1", "2"].into_iter().zip(parts).map(|(name, part)| (name, 0, part)).collect();
        Self::record("()", &fields)
    }

    fn array(of: Self, len: usize) -> Self {
        Self { json: format!(r#"{{"array":{},"len":{len}}}"#, of.json), size: of.size * len, align: of.align }
    }

    fn option(of: Self) -> Self {
        let size = (of.align + of.size).next_multiple_of(of.align);
        Self { json: format!(r#"{{"option":{}}}"#, of.json), size, align: of.align }
    }

    fn string(capacity: usize) -> Self {
        Self { json: format!(r#"{{"string":{capacity}}}"#), size: (4 + capacity).next_multiple_of(4), align: 4 }
    }

    fn vec(of: Self, capacity: usize) -> Self {
        let align = of.align.max(4);
        let size = (4usize.next_multiple_of(of.align) + of.size * capacity).next_multiple_of(align);
        Self { json: format!(r#"{{"vec":{},"capacity":{capacity}}}"#, of.json), size, align }
    }

    pub(crate) fn document(&self) -> String {
        format!(r#"{{"shmrec":1,"schema":{},"docs":{{}}}}"#, self.json)
    }
}

/// Names of fields and variants, most of which mean something elsewhere.
pub(crate) const NAMES: [&str; 24] = [
    "a",
    "b",
    "c",
    "0",
    "1",
    "int",
    "größe",
    "len",
    "tag",
    "some",
    "padding",
    "class",
    "linux",
    "uint8_t",
    "a*/b",
    "a-b",
    "a_b",
    "__x",
    "_",
    "R",
    "R_S",
    "R_E_a",
    "R_E_a_data",
    "R_string_4",
];

fn any_scalar() -> impl Strategy<Value = Laid> {
    let scalars = vec![
        ("u8", 1, 1),
        ("i16", 2, 2),
        ("f32", 4, 4),
        ("u64", 8, 8),
        ("i64", 8, 8),
        ("u128", 16, 16),
        ("i128", 16, 16),
        ("bool", 1, 1),
        ("char", 4, 4),
        ("duration", 16, 8),
        ("system_time", 16, 8),
        ("ipv4_addr", 4, 1),
        ("ipv6_addr", 16, 1),
    ];
    let non_zero = prop::sample::select(vec![("u16", 2), ("i32", 4), ("u128", 16)]).prop_map(|(name, size)| {
        let Laid { json, .. } = Laid::scalar(name, size, size);
        Laid { json: format!(r#"{{"nonzero":{json}}}"#), size, align: size }
    });
    prop_oneof![
        8 => prop::sample::select(scalars).prop_map(|(name, size, align)| Laid::scalar(name, size, align)),
        1 => non_zero,
    ]
}

/// Any fields of these types.
fn any_fields(of: impl Strategy<Value = Laid>, most: usize) -> impl Strategy<Value = Vec<(&'static str, usize, Laid)>> {
    let names = prop::sample::subsequence(NAMES.to_vec(), 0..=most).prop_shuffle();
    let gaps = prop::collection::vec(prop_oneof![6 => Just(0usize), 1 => 1usize..4], most);
    (names, gaps, prop::collection::vec(of, most))
        .prop_map(|(names, gaps, types)| names.into_iter().zip(gaps).zip(types).map(|((n, g), t)| (n, g, t)).collect())
}

fn any_enum(of: impl Strategy<Value = Laid> + Clone + 'static) -> impl Strategy<Value = Laid> {
    let variant = prop::sample::select(NAMES.to_vec());
    let tags = vec![
        ("i8", 1, -128, 127),
        ("u16", 2, 0, 65535),
        ("i32", 4, -2_147_483_648, 2_147_483_647),
        ("i64", 8, i64::MIN, i64::MAX),
    ];
    let fields = prop_oneof![2 => Just(Vec::new()), 1 => any_fields(of, 3)];
    let name = prop::sample::select(vec!["E", "R", "R_S", "some.Kind"]);
    (name, prop::collection::btree_map(variant, (0usize..6, fields), 1..4), prop::sample::select(tags)).prop_filter_map(
        "values must differ",
        |(name, variants, (tag, tag_size, least, most))| {
            let values = [0, 1, 2, 100, least, most];
            let mut taken: Vec<i64> = variants.values().map(|(value, _)| values[*value]).collect();
            taken.sort_unstable();
            taken.dedup();
            if taken.len() != variants.len() {
                return None;
            }
            let (mut json, mut size, mut align) = (Vec::new(), tag_size, tag_size);
            for (variant, (value, fields)) in &variants {
                let laid = Laid::fields(tag_size, tag_size, fields);
                let value = values[*value];
                json.push(format!(r#"{{"name":"{variant}","value":"{value}","fields":{}}}"#, laid.json));
                (size, align) = (size.max(laid.size), align.max(laid.align));
            }
            let size = size.next_multiple_of(align);
            let json = json.join(",");
            let json =
                format!(r#"{{"enum":"{name}","size":{size},"align":{align},"tag":"{tag}","variants":[{json}]}}"#);
            Some(Laid { json, size, align })
        },
    )
}

/// Any record with fields of these types.
pub(crate) fn any_record(of: impl Strategy<Value = Laid>) -> impl Strategy<Value = Laid> {
    let names = vec!["R", "S", "drive.Status", "int", "2nd"];
    (prop::sample::select(names), any_fields(of, 4)).prop_map(|(name, fields)| Laid::record(name, &fields))
}

pub(crate) fn any_type() -> impl Strategy<Value = Laid> {
    let leaf = prop_oneof![4 => any_scalar(), 1 => (1usize..9).prop_map(Laid::string)].boxed();
    leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            (inner.clone(), 0usize..3).prop_map(|(of, len)| Laid::array(of, len)),
            inner.clone().prop_map(Laid::option),
            (inner.clone(), 1usize..3).prop_map(|(of, capacity)| Laid::vec(of, capacity)),
            prop::collection::vec(inner.clone(), 1..4).prop_map(Laid::tuple),
            any_enum(inner.clone()),
            any_record(inner),
        ]
    })
}
