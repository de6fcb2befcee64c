//! The standard library's types of fixed size: numbers in a wrapping, times, addresses.
//!
//! # Safety
//!
//! The only `unsafe` here is the promise that the memory of wrapped numbers is their image ([`Direct`]).
#![allow(unsafe_code)]

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::num::{NonZero, Wrapping};
use std::time::{Duration, SystemTime};

use super::field::exact;
use super::layout::{Layout, layout, round_up};
use super::{
    Direct, EnumDesc, FieldDesc, LoadError, RecordDesc, SharedField, StoreError, TypeDesc, VariantDesc, unknown_tag,
};

macro_rules! non_zero {
    ($($ty:ident),* $(,)?) => {$(
        impl SharedField for NonZero<$ty> {
            const SIZE: usize = $ty::SIZE;
            const ALIGN: usize = $ty::ALIGN;
            const TYPE: TypeDesc = TypeDesc::NonZero { of: &$ty::TYPE };
            // SAFETY: a `NonZero` has the size and the bytes of its number (`core::num::NonZero`, "Layout"); a check is a
            // load, and lets every number pass but 0.
            const DIRECT: Direct<Self> = unsafe { Direct::checked() };

            #[inline]
            fn store(&self, image: &mut [u8]) -> Result<(), StoreError> {
                self.get().store(image)
            }

            #[inline]
            fn load(image: &[u8]) -> Result<Self, LoadError> {
                Self::new($ty::load(image)?).ok_or_else(zero)
            }
        }
    )*};
}

non_zero!(u8, u16, u32, u64, u128, i8, i16, i32, i64, i128);

#[cold]
fn zero() -> LoadError {
    LoadError::new("0", "a number that is not 0")
}

/// The image is that of the number inside.
impl<T: SharedField> SharedField for Wrapping<T> {
    const SIZE: usize = T::SIZE;
    const ALIGN: usize = T::ALIGN;
    const TYPE: TypeDesc = T::TYPE;
    // SAFETY: a `Wrapping` is `repr(transparent)`, and the functions below are those of its value.
    const DIRECT: Direct<Self> = unsafe { T::DIRECT.same_as() };

    #[inline]
    fn store(&self, image: &mut [u8]) -> Result<(), StoreError> {
        self.0.store(image)
    }

    #[inline]
    fn load(image: &[u8]) -> Result<Self, LoadError> {
        T::load(image).map(Wrapping)
    }

    #[inline]
    fn check(image: &[u8]) -> Result<(), LoadError> {
        T::check(image)
    }
}

/// Where the nanoseconds of a time stand, and where they end.
const NANOS: std::ops::Range<usize> = 8..12;

/// The nanoseconds of a time.
pub(crate) fn nanos(image: &[u8]) -> Result<u32, LoadError> {
    match u32::load(&image[NANOS])? {
        nanos @ 0..1_000_000_000 => Ok(nanos),
        nanos => Err(LoadError::new(format!("{nanos} nanoseconds"), "less than a second of them: up to 999999999")),
    }
}

impl SharedField for Duration {
    const SIZE: usize = 16;
    const ALIGN: usize = 8;
    const TYPE: TypeDesc = TypeDesc::Duration;

    #[inline]
    fn store(&self, image: &mut [u8]) -> Result<(), StoreError> {
        assert_eq!(image.len(), Self::SIZE, "the image of a Duration");
        self.as_secs().store(&mut image[..8])?;
        self.subsec_nanos().store(&mut image[NANOS])
    }

    #[inline]
    fn load(image: &[u8]) -> Result<Self, LoadError> {
        assert_eq!(image.len(), Self::SIZE, "the image of a Duration");
        Ok(Self::new(u64::load(&image[..8])?, nanos(image)?))
    }
}

impl SharedField for SystemTime {
    const SIZE: usize = 16;
    const ALIGN: usize = 8;
    const TYPE: TypeDesc = TypeDesc::SystemTime;

    fn store(&self, image: &mut [u8]) -> Result<(), StoreError> {
        assert_eq!(image.len(), Self::SIZE, "the image of a SystemTime");
        let (seconds, nanos) = match self.duration_since(Self::UNIX_EPOCH) {
            Ok(after) => (i64::try_from(after.as_secs()).ok(), after.subsec_nanos()),
            Err(before) => {
                let before = before.duration();
                let seconds = i64::try_from(before.as_secs()).ok().map(|seconds| -seconds);
                match before.subsec_nanos() {
                    0 => (seconds, 0),
                    // Seconds are rounded down, so that the nanoseconds count forwards.
                    nanos => (seconds.and_then(|seconds| seconds.checked_sub(1)), 1_000_000_000 - nanos),
                }
            }
        };
        let seconds =
            seconds.ok_or_else(|| StoreError::unrepresentable("a time within 2^63 seconds of the Unix epoch"))?;
        seconds.store(&mut image[..8])?;
        nanos.store(&mut image[NANOS])
    }

    fn load(image: &[u8]) -> Result<Self, LoadError> {
        assert_eq!(image.len(), Self::SIZE, "the image of a SystemTime");
        let (seconds, nanos) = (i64::load(&image[..8])?, nanos(image)?);
        let whole = Duration::from_secs(seconds.unsigned_abs());
        let second =
            if seconds < 0 { Self::UNIX_EPOCH.checked_sub(whole) } else { Self::UNIX_EPOCH.checked_add(whole) };
        second.and_then(|second| second.checked_add(Duration::from_nanos(nanos.into()))).ok_or_else(|| {
            LoadError::new(format!("{seconds} seconds since the Unix epoch"), "a time that this system's clock can say")
        })
    }
}

macro_rules! octets {
    ($($ty:ident $len:literal),*) => {$(
        /// The octets in network order.
        impl SharedField for $ty {
            const SIZE: usize = $len;
            const ALIGN: usize = 1;
            const TYPE: TypeDesc = TypeDesc::$ty;

            #[inline]
            fn store(&self, image: &mut [u8]) -> Result<(), StoreError> {
                image.copy_from_slice(&self.octets());
                Ok(())
            }

            #[inline]
            fn load(image: &[u8]) -> Result<Self, LoadError> {
                Ok(Self::from(exact::<$len>(image)))
            }
        }
    )*};
}

octets!(Ipv4Addr 4, Ipv6Addr 16);

/// The field of this name at this place.
const fn field<V: SharedField>(name: &'static str, offset: usize) -> FieldDesc {
    FieldDesc { name, docs: "", offset, ty: V::TYPE, default: None }
}

/// The image of the field that begins at `at`.
fn part<V: SharedField>(image: &[u8], at: usize) -> &[u8] {
    &image[at..at + V::SIZE]
}

fn part_mut<V: SharedField>(image: &mut [u8], at: usize) -> &mut [u8] {
    &mut image[at..at + V::SIZE]
}

const V4_LAYOUT: Layout<2> = layout([(Ipv4Addr::SIZE, Ipv4Addr::ALIGN), (u16::SIZE, u16::ALIGN)]);

/// A record of `ip` and `port`.
impl SharedField for SocketAddrV4 {
    const SIZE: usize = V4_LAYOUT.size;
    const ALIGN: usize = V4_LAYOUT.align;
    const TYPE: TypeDesc = TypeDesc::Record {
        record: &RecordDesc {
            name: "SocketAddrV4",
            docs: "",
            size: V4_LAYOUT.size,
            align: V4_LAYOUT.align,
            fields: &[field::<Ipv4Addr>("ip", V4_LAYOUT.offsets[0]), field::<u16>("port", V4_LAYOUT.offsets[1])],
        },
    };

    fn store(&self, image: &mut [u8]) -> Result<(), StoreError> {
        assert_eq!(image.len(), Self::SIZE, "the image of a SocketAddrV4");
        self.ip().store(part_mut::<Ipv4Addr>(image, V4_LAYOUT.offsets[0]))?;
        self.port().store(part_mut::<u16>(image, V4_LAYOUT.offsets[1]))
    }

    fn load(image: &[u8]) -> Result<Self, LoadError> {
        assert_eq!(image.len(), Self::SIZE, "the image of a SocketAddrV4");
        let ip = Ipv4Addr::load(part::<Ipv4Addr>(image, V4_LAYOUT.offsets[0]))?;
        Ok(Self::new(ip, u16::load(part::<u16>(image, V4_LAYOUT.offsets[1]))?))
    }
}

const V6_LAYOUT: Layout<4> = layout([
    (Ipv6Addr::SIZE, Ipv6Addr::ALIGN),
    (u16::SIZE, u16::ALIGN),
    (u32::SIZE, u32::ALIGN),
    (u32::SIZE, u32::ALIGN),
]);

/// A record of `ip`, `port`, `flowinfo` and `scope_id`.
impl SharedField for SocketAddrV6 {
    const SIZE: usize = V6_LAYOUT.size;
    const ALIGN: usize = V6_LAYOUT.align;
    const TYPE: TypeDesc = TypeDesc::Record {
        record: &RecordDesc {
            name: "SocketAddrV6",
            docs: "",
            size: V6_LAYOUT.size,
            align: V6_LAYOUT.align,
            fields: &[
                field::<Ipv6Addr>("ip", V6_LAYOUT.offsets[0]),
                field::<u16>("port", V6_LAYOUT.offsets[1]),
                field::<u32>("flowinfo", V6_LAYOUT.offsets[2]),
                field::<u32>("scope_id", V6_LAYOUT.offsets[3]),
            ],
        },
    };

    fn store(&self, image: &mut [u8]) -> Result<(), StoreError> {
        assert_eq!(image.len(), Self::SIZE, "the image of a SocketAddrV6");
        self.ip().store(part_mut::<Ipv6Addr>(image, V6_LAYOUT.offsets[0]))?;
        self.port().store(part_mut::<u16>(image, V6_LAYOUT.offsets[1]))?;
        self.flowinfo().store(part_mut::<u32>(image, V6_LAYOUT.offsets[2]))?;
        self.scope_id().store(part_mut::<u32>(image, V6_LAYOUT.offsets[3]))
    }

    fn load(image: &[u8]) -> Result<Self, LoadError> {
        assert_eq!(image.len(), Self::SIZE, "the image of a SocketAddrV6");
        let ip = Ipv6Addr::load(part::<Ipv6Addr>(image, V6_LAYOUT.offsets[0]))?;
        let port = u16::load(part::<u16>(image, V6_LAYOUT.offsets[1]))?;
        let flowinfo = u32::load(part::<u32>(image, V6_LAYOUT.offsets[2]))?;
        Ok(Self::new(ip, port, flowinfo, u32::load(part::<u32>(image, V6_LAYOUT.offsets[3]))?))
    }
}

/// Tags of the two families of addresses: the number of the protocol's version.
const V4: u8 = 4;
const V6: u8 = 6;

macro_rules! either_family {
    ($($ty:ident { $v4:ident, $v6:ident })*) => {$(
        /// An enum with a `u8` tag: `V4` is 4, `V6` is 6.
        impl SharedField for $ty {
            const SIZE: usize = {
                let (v4, v6) = (round_up(1, $v4::ALIGN) + $v4::SIZE, round_up(1, $v6::ALIGN) + $v6::SIZE);
                round_up(if v4 > v6 { v4 } else { v6 }, Self::ALIGN)
            };
            const ALIGN: usize = if $v4::ALIGN > $v6::ALIGN { $v4::ALIGN } else { $v6::ALIGN };
            const TYPE: TypeDesc = TypeDesc::Enum {
                desc: &EnumDesc {
                    name: stringify!($ty),
                    docs: "",
                    size: Self::SIZE,
                    align: Self::ALIGN,
                    tag: &TypeDesc::U8,
                    variants: &[
                        VariantDesc {
                            name: "V4",
                            docs: "",
                            value: V4 as i128,
                            fields: &[field::<$v4>("0", round_up(1, $v4::ALIGN))],
                        },
                        VariantDesc {
                            name: "V6",
                            docs: "",
                            value: V6 as i128,
                            fields: &[field::<$v6>("0", round_up(1, $v6::ALIGN))],
                        },
                    ],
                },
            };

            fn store(&self, image: &mut [u8]) -> Result<(), StoreError> {
                assert_eq!(image.len(), Self::SIZE, "the image of an address");
                match self {
                    Self::V4(address) => {
                        image[0] = V4;
                        address.store(part_mut::<$v4>(image, round_up(1, $v4::ALIGN)))
                    }
                    Self::V6(address) => {
                        image[0] = V6;
                        address.store(part_mut::<$v6>(image, round_up(1, $v6::ALIGN)))
                    }
                }
            }

            fn load(image: &[u8]) -> Result<Self, LoadError> {
                assert_eq!(image.len(), Self::SIZE, "the image of an address");
                match image[0] {
                    V4 => $v4::load(part::<$v4>(image, round_up(1, $v4::ALIGN))).map(Self::V4),
                    V6 => $v6::load(part::<$v6>(image, round_up(1, $v6::ALIGN))).map(Self::V6),
                    tag => Err(unknown_tag(tag.into(), &Self::TYPE)),
                }
            }
        }
    )*};
}

either_family! {
    IpAddr { Ipv4Addr, Ipv6Addr }
    SocketAddr { SocketAddrV4, SocketAddrV6 }
}
