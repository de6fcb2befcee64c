//! The shapes of records that applications have: enums with data, tuples, times, addresses, types of other crates.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::num::{NonZero, Wrapping};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use shmrec::{
    FieldWith, FixedStr, FixedVec, LoadError, ReadError, Reader, Segment, SharedRecord, StoreError, WriteError,
};

use super::basic::{doubles, inline, letters, list, text};
use super::values::Sample;
use super::{Grade, Leaf, Pair, Shape, Value};

/// Makes an enum a [`Value`]: each variant alters its fields, or becomes another.
macro_rules! variants {
    ($ty:ty { $($variant:ident { $($field:tt $name:ident: $any:expr),* $(,)? } -> $next:expr;)* }) => {
        impl Value for $ty {
            fn altered(&self) -> Self {
                match self {
                    $(Self::$variant { $($field: $name),* } => $next($($name.altered()),*),)*
                }
            }

            fn same(&self, other: &Self) -> bool {
                match self {
                    $(Self::$variant { $($field: $name),* } => {
                        let mine = ($($name.clone(),)*);
                        match other {
                            Self::$variant { $($field: $name),* } => mine.same(&($($name.clone(),)*)),
                            _ => false,
                        }
                    })*
                }
            }
        }

        impl $ty {
            fn arbitrary() -> BoxedStrategy<Self> {
                prop_oneof![
                    $((Just(()), $($any,)*).prop_map(|((), $($name,)*)| Self::$variant { $($field: $name),* }),)*
                ]
                .boxed()
            }
        }
    };
}

/// An enum of variants of all kinds, tagged by the derive.
#[derive(SharedRecord, Clone, Debug)]
#[allow(missing_docs)]
pub enum Figure {
    Nothing,
    Circle {
        radius: f64,
    },
    Polygon(#[record(capacity = 3)] Vec<(f64, u8)>),
    Named {
        #[record(capacity = 5)]
        name: String,
        #[record(rename = "no")]
        number: u16,
    },
    Empty(),
}

variants!(Figure {
    Nothing {} -> || Figure::Circle { radius: 0.5 };
    Circle { radius radius: doubles() } -> |radius| Figure::Circle { radius };
    Polygon { 0 corners: list((doubles(), any::<u8>()), 3) } -> Figure::Polygon;
    Named { name name: text(5), number number: any::<u16>() } -> |name, number| Figure::Named { name, number };
    Empty {} -> || Figure::Nothing;
});

/// An enum with numbers of its own, in two bytes, and a parameter.
#[derive(SharedRecord, Clone, Debug)]
#[repr(i16)]
#[allow(missing_docs)]
pub enum Reading<T> {
    Missing = -300,
    Whole(T),
    Pair { left: T, right: [T; 2] } = 0x1234,
}

variants!(Reading<u32> {
    Missing {} -> || Reading::Whole(1);
    Whole { 0 value: any::<u32>() } -> Reading::Whole;
    Pair { left left: any::<u32>(), right right: any::<[u32; 2]>() } -> |left, right| Reading::Pair { left, right };
});

/// An enum whose tag is as wide as can be, of values that are enums.
#[derive(SharedRecord, Clone, Debug)]
#[repr(u64)]
#[allow(missing_docs)]
pub enum Outer {
    Figure(Figure) = u64::MAX,
    Reading { of: Reading<u32>, grade: Grade } = 1 << 63,
    Huge(u128) = 0,
}

variants!(Outer {
    Figure { 0 figure: Figure::arbitrary() } -> Outer::Figure;
    Reading { of of: Reading::<u32>::arbitrary(), grade grade: Grade::arbitrary() } -> |of, grade| Outer::Reading { of, grade };
    Huge { 0 number: any::<u128>() } -> Outer::Huge;
});

/// Enums with data.
#[derive(SharedRecord, Clone, Debug)]
#[allow(missing_docs)]
pub struct Figures {
    pub one: Figure,
    pub many: [Figure; 2],
    pub maybe: Option<Figure>,
    #[record(capacity = 3)]
    pub list: Vec<Figure>,
}

shape!(Figures {
    one: Figure::arbitrary(),
    many: [Figure::arbitrary(), Figure::arbitrary()],
    maybe: option::of(Figure::arbitrary()),
    list: list(Figure::arbitrary(), 3),
});

/// Enums with numbers of their own and with enums in them.
#[derive(SharedRecord, Clone, Debug)]
#[allow(missing_docs)]
pub struct Readings {
    pub before: u8,
    pub reading: Reading<u32>,
    pub outer: [Outer; 2],
    pub maybe: Option<Reading<u32>>,
    pub after: u8,
}

shape!(Readings {
    before: any::<u8>(),
    reading: Reading::<u32>::arbitrary(),
    outer: [Outer::arbitrary(), Outer::arbitrary()],
    maybe: option::of(Reading::<u32>::arbitrary()),
    after: any::<u8>(),
});

/// Tuples of all lengths, with text in them, in each other and in containers.
#[derive(SharedRecord, Clone, Debug)]
#[allow(missing_docs)]
pub struct Tuples {
    pub one: (f64,),
    pub two: (u8, u64),
    pub nested: ((bool, char), [(u16, i8); 2]),
    #[record(capacity = 7)]
    pub with_text: (u8, String, Leaf),
    #[record(capacity = (2, 5))]
    pub list: Vec<(u32, String)>,
    #[record(capacity = (4, 3))]
    pub maybe: Option<(String, Vec<u16>)>,
    pub eight: (u8, i16, u32, i64, bool, char, u16, i8),
}

shape!(Tuples {
    one: (doubles(),),
    two: any::<(u8, u64)>(),
    nested: ((any::<bool>(), letters()), any::<[(u16, i8); 2]>()),
    with_text: (any::<u8>(), text(7), Leaf::arbitrary()),
    list: list((any::<u32>(), text(5)), 2),
    maybe: option::of((text(4), list(any::<u16>(), 3))),
    eight: (any::<u8>(), any::<i16>(), any::<u32>(), any::<i64>(), any::<bool>(), letters(), any::<u16>(), any::<i8>()),
});

/// Numbers in a wrapping.
#[derive(SharedRecord, Clone, Debug)]
#[allow(missing_docs)]
pub struct Wrapped {
    pub a: NonZero<u8>,
    pub b: NonZero<i16>,
    pub c: NonZero<u128>,
    pub d: Option<NonZero<u32>>,
    pub e: [NonZero<i64>; 2],
    pub f: Wrapping<u32>,
    pub g: Wrapping<i128>,
    #[record(capacity = 3)]
    pub h: Vec<NonZero<u16>>,
}

macro_rules! non_zero {
    ($ty:ty) => {
        any::<$ty>().prop_map(|number| NonZero::new(number).unwrap_or(NonZero::<$ty>::MAX)).boxed()
    };
}

shape!(Wrapped {
    a: non_zero!(u8),
    b: non_zero!(i16),
    c: non_zero!(u128),
    d: option::of(non_zero!(u32)),
    e: [non_zero!(i64), non_zero!(i64)],
    f: any::<u32>().prop_map(Wrapping),
    g: any::<i128>().prop_map(Wrapping),
    h: list(non_zero!(u16), 3),
});

/// Times.
#[derive(SharedRecord, Clone, Debug)]
#[allow(missing_docs)]
pub struct Times {
    pub elapsed: Duration,
    pub at: SystemTime,
    pub maybe: Option<Duration>,
    pub several: [SystemTime; 2],
    #[record(capacity = 2)]
    pub list: Vec<(SystemTime, Duration)>,
}

fn durations() -> BoxedStrategy<Duration> {
    let any = (any::<u64>(), 0u32..1_000_000_000).prop_map(|(seconds, nanos)| Duration::new(seconds, nanos));
    prop_oneof![4 => any, 1 => Just(Duration::ZERO), 1 => Just(Duration::MAX)].boxed()
}

/// Within what the clock of this system can say.
fn times() -> BoxedStrategy<SystemTime> {
    (-(1i64 << 40)..1 << 40, 0u32..1_000_000_000)
        .prop_filter_map("a time that this system's clock can say", |(seconds, nanos)| {
            let (epoch, whole) = (SystemTime::UNIX_EPOCH, Duration::from_secs(seconds.unsigned_abs()));
            let second = if seconds < 0 { epoch.checked_sub(whole) } else { epoch.checked_add(whole) };
            second?.checked_add(Duration::from_nanos(nanos.into()))
        })
        .boxed()
}

shape!(Times {
    elapsed: durations(),
    at: times(),
    maybe: option::of(durations()),
    several: [times(), times()],
    list: list((times(), durations()), 2),
});

/// Addresses.
#[derive(SharedRecord, Clone, Debug)]
#[allow(missing_docs)]
pub struct Addresses {
    pub v4: Ipv4Addr,
    pub v6: Ipv6Addr,
    pub ip: IpAddr,
    pub socket_v4: SocketAddrV4,
    pub socket_v6: SocketAddrV6,
    pub socket: SocketAddr,
    pub maybe: Option<IpAddr>,
    #[record(capacity = 3)]
    pub list: Vec<SocketAddr>,
}

fn v4() -> BoxedStrategy<Ipv4Addr> {
    any::<u32>().prop_map(Ipv4Addr::from).boxed()
}

fn v6() -> BoxedStrategy<Ipv6Addr> {
    any::<u128>().prop_map(Ipv6Addr::from).boxed()
}

fn ips() -> BoxedStrategy<IpAddr> {
    prop_oneof![v4().prop_map(IpAddr::V4), v6().prop_map(IpAddr::V6)].boxed()
}

fn sockets_v4() -> BoxedStrategy<SocketAddrV4> {
    (v4(), any::<u16>()).prop_map(|(ip, port)| SocketAddrV4::new(ip, port)).boxed()
}

fn sockets_v6() -> BoxedStrategy<SocketAddrV6> {
    (v6(), any::<(u16, u32, u32)>())
        .prop_map(|(ip, (port, flow, scope))| SocketAddrV6::new(ip, port, flow, scope))
        .boxed()
}

fn sockets() -> BoxedStrategy<SocketAddr> {
    prop_oneof![sockets_v4().prop_map(SocketAddr::V4), sockets_v6().prop_map(SocketAddr::V6)].boxed()
}

shape!(Addresses {
    v4: v4(),
    v6: v6(),
    ip: ips(),
    socket_v4: sockets_v4(),
    socket_v6: sockets_v6(),
    socket: sockets(),
    maybe: option::of(ips()),
    list: list(sockets(), 3),
});

/// Sequences without an allocation.
#[derive(SharedRecord, Clone, Debug)]
#[allow(missing_docs)]
pub struct InlineLists {
    pub bytes: FixedVec<u8, 9>,
    pub wide: FixedVec<u128, 2>,
    pub flags: FixedVec<(bool, u32), 3>,
    pub texts: FixedVec<FixedStr<5>, 2>,
    pub several: [FixedVec<Option<i16>, 2>; 2],
    pub maybe: Option<FixedVec<Grade, 4>>,
}

fn inline_list<V: Copy + Debug + 'static, const N: usize>(
    any: impl Strategy<Value = V> + 'static,
) -> BoxedStrategy<FixedVec<V, N>> {
    vec(any, 0..=N).prop_map(|values| FixedVec::try_from(&values[..]).expect("at most N")).boxed()
}

shape!(InlineLists {
    bytes: inline_list(any::<u8>()),
    wide: inline_list(any::<u128>()),
    flags: inline_list(any::<(bool, u32)>()),
    texts: inline_list(inline()),
    several: [inline_list(any::<Option<i16>>()), inline_list(any::<Option<i16>>())],
    maybe: option::of(inline_list(Grade::arbitrary())),
});

/// A code that not every number is.
#[derive(Clone, Copy, Debug)]
pub enum Code {
    /// 10.
    Low,
    /// 20.
    High,
}

impl From<Code> for u8 {
    fn from(level: Code) -> Self {
        match level {
            Code::Low => 10,
            Code::High => 20,
        }
    }
}

impl TryFrom<u8> for Code {
    type Error = String;

    fn try_from(code: u8) -> Result<Self, String> {
        match code {
            10 => Ok(Self::Low),
            20 => Ok(Self::High),
            _ => Err(format!("no level has the code {code}")),
        }
    }
}

impl Value for Code {
    fn altered(&self) -> Self {
        match self {
            Self::Low => Self::High,
            Self::High => Self::Low,
        }
    }

    fn same(&self, other: &Self) -> bool {
        u8::from(*self) == u8::from(*other)
    }
}

fn codes() -> BoxedStrategy<Code> {
    prop_oneof![Just(Code::Low), Just(Code::High)].boxed()
}

impl Value for usize {
    fn altered(&self) -> Self {
        self.wrapping_mul(5).wrapping_add(1)
    }

    fn same(&self, other: &Self) -> bool {
        self == other
    }
}

/// Stored as another type.
#[derive(SharedRecord, Clone, Debug)]
#[allow(missing_docs)]
pub struct Converted {
    #[record(as = "u64")]
    pub count: usize,
    #[record(as = "[u64; 3]")]
    pub counts: [usize; 3],
    #[record(as = "Option<u8>")]
    pub maybe: Option<Code>,
    #[record(as = "Vec<(u8, u16)>", capacity = 3)]
    pub levels: Vec<(Code, u16)>,
    #[record(as = "u8", default = Code::Low)]
    pub level: Code,
}

shape!(Converted {
    count: any::<usize>(),
    counts: any::<[usize; 3]>(),
    maybe: option::of(codes()),
    levels: list((codes(), any::<u16>()), 3),
    level: codes(),
});

/// A path as text.
#[derive(Debug)]
pub struct PathText;

impl FieldWith<PathBuf> for PathText {
    type Shared = String;

    fn to_shared(path: &PathBuf) -> Result<String, StoreError> {
        path.to_str().map(str::to_owned).ok_or_else(|| StoreError::unrepresentable("a path that is UTF-8"))
    }

    fn from_shared(text: String) -> Result<PathBuf, LoadError> {
        Ok(text.into())
    }
}

/// A map as its entries.
#[derive(Debug)]
pub struct Entries;

impl FieldWith<BTreeMap<u8, i64>> for Entries {
    type Shared = Vec<(u8, i64)>;

    fn to_shared(map: &BTreeMap<u8, i64>) -> Result<Vec<(u8, i64)>, StoreError> {
        Ok(map.iter().map(|(key, value)| (*key, *value)).collect())
    }

    fn from_shared(entries: Vec<(u8, i64)>) -> Result<BTreeMap<u8, i64>, LoadError> {
        let count = entries.len();
        let map: BTreeMap<u8, i64> = entries.into_iter().collect();
        if map.len() == count { Ok(map) } else { Err(LoadError::new("a key twice", "different keys")) }
    }
}

impl Value for PathBuf {
    fn altered(&self) -> Self {
        self.to_str().expect("UTF-8").to_owned().altered().into()
    }

    fn same(&self, other: &Self) -> bool {
        self.as_os_str() == other.as_os_str()
    }
}

impl Value for BTreeMap<u8, i64> {
    fn altered(&self) -> Self {
        self.iter()
            .map(|(key, value)| (key.wrapping_add(1), value.altered()))
            .chain(self.is_empty().then_some((1, 2)))
            .collect()
    }

    fn same(&self, other: &Self) -> bool {
        self == other
    }
}

/// Stored by words of the program's.
#[derive(SharedRecord, Clone, Debug)]
#[allow(missing_docs)]
pub struct Mapped {
    #[record(with = "PathText", capacity = 16)]
    pub path: PathBuf,
    #[record(with = "[Option<PathText>; 2]", capacity = 6)]
    pub paths: [Option<PathBuf>; 2],
    #[record(with = "Entries", capacity = 3)]
    pub entries: BTreeMap<u8, i64>,
}

fn paths(capacity: usize) -> BoxedStrategy<PathBuf> {
    text(capacity).prop_map(PathBuf::from).boxed()
}

impl Sample for PathBuf {
    fn sample() -> Self {
        "path".into()
    }
}

shape!(Mapped {
    path: paths(16),
    paths: [option::of(paths(6)), option::of(paths(6))],
    entries: proptest::collection::btree_map(any::<u8>(), any::<i64>(), 0..=3),
});

/// Containers in containers.
#[derive(SharedRecord, Clone, Debug)]
#[allow(missing_docs, clippy::type_complexity)]
pub struct Deep {
    #[record(capacity = (2, 2, 4))]
    pub lists: Vec<Option<Vec<(u8, [String; 2])>>>,
    #[record(capacity = (2, 3))]
    pub boxed: [Option<Box<[(Leaf, String)]>>; 2],
    #[record(capacity = 2)]
    pub figures: Vec<(Figure, Option<Duration>)>,
}

shape!(Deep {
    lists: list(option::of(list((any::<u8>(), [text(4), text(4)]), 2)), 2),
    boxed: std::array::from_fn::<_, 2, _>(|_| {
        option::of(list((Leaf::arbitrary(), text(3)), 2).prop_map(Vec::into_boxed_slice))
    }),
    figures: list((Figure::arbitrary(), option::of(durations())), 2),
});

shape!(Pair<Outer, Figure> { first: Outer::arbitrary(), second: Figure::arbitrary() });
shape!(Pair<(u8, i64), [(char, bool); 2]> {
    first: any::<(u8, i64)>(),
    second: [(letters(), any::<bool>()), (letters(), any::<bool>())],
});
