const _: () = {
    const __TAG_0: ::core::primitive::u8 = 0;
    const __TAG_1: ::core::primitive::u8 = 4;
    const __TAG_2: ::core::primitive::u8 = ::core::primitive::u8::wrapping_add(
        __TAG_1,
        1,
    );
    struct StateVariants(::core::marker::PhantomData<fn() -> State>);
    impl StateVariants {
        const EXTENT: (::core::primitive::usize, ::core::primitive::usize) = {
            let __extent = ::shmrec::__private::overlaid(
                <::core::primitive::u8 as ::shmrec::SharedField>::SIZE,
                &[],
            );
            __extent
        };
    }
    #[automatically_derived]
    impl ::shmrec::SharedField for State {
        const SIZE: ::core::primitive::usize = StateVariants::EXTENT.0;
        const ALIGN: ::core::primitive::usize = StateVariants::EXTENT.1;
        const TYPE: ::shmrec::TypeDesc = ::shmrec::TypeDesc::Enum {
            desc: &::shmrec::EnumDesc {
                name: "State",
                docs: "What the drive does.",
                size: <Self as ::shmrec::SharedField>::SIZE,
                align: <Self as ::shmrec::SharedField>::ALIGN,
                tag: &<::core::primitive::u8 as ::shmrec::SharedField>::TYPE,
                variants: &[
                    ::shmrec::VariantDesc {
                        name: "Off",
                        docs: "",
                        value: __TAG_0 as ::core::primitive::i128,
                        fields: &[],
                    },
                    ::shmrec::VariantDesc {
                        name: "Ready",
                        docs: "Waits.",
                        value: __TAG_1 as ::core::primitive::i128,
                        fields: &[],
                    },
                    ::shmrec::VariantDesc {
                        name: "moving",
                        docs: "",
                        value: __TAG_2 as ::core::primitive::i128,
                        fields: &[],
                    },
                ],
            },
        };
        const DIRECT: ::shmrec::Direct<Self> = unsafe { ::shmrec::Direct::checked() };
        #[inline]
        fn store(
            &self,
            __image: &mut [::core::primitive::u8],
        ) -> ::core::result::Result<(), ::shmrec::StoreError> {
            ::core::assert!(
                < [::core::primitive::u8] > ::len(__image) == < Self as
                ::shmrec::SharedField > ::SIZE,
                "the image of `State` has another length than `State::SIZE`",
            );
            let __tag = match self {
                Self::Off { .. } => __TAG_0,
                Self::Ready { .. } => __TAG_1,
                Self::Moving { .. } => __TAG_2,
            };
            ::shmrec::SharedField::store(
                &__tag,
                &mut __image[..<::core::primitive::u8 as ::shmrec::SharedField>::SIZE],
            )?;
            ::core::result::Result::Ok(())
        }
        #[inline]
        fn load(
            __image: &[::core::primitive::u8],
        ) -> ::core::result::Result<Self, ::shmrec::LoadError> {
            ::core::assert!(
                < [::core::primitive::u8] > ::len(__image) == < Self as
                ::shmrec::SharedField > ::SIZE,
                "the image of `State` has another length than `State::SIZE`",
            );
            match <::core::primitive::u8 as ::shmrec::SharedField>::load(
                &__image[..<::core::primitive::u8 as ::shmrec::SharedField>::SIZE],
            )? {
                __TAG_0 => ::core::result::Result::Ok(Self::Off {}),
                __TAG_1 => ::core::result::Result::Ok(Self::Ready {}),
                __TAG_2 => ::core::result::Result::Ok(Self::Moving {}),
                __tag => {
                    ::core::result::Result::Err(
                        ::shmrec::__private::unknown_tag(
                            __tag as ::core::primitive::i128,
                            &<Self as ::shmrec::SharedField>::TYPE,
                        ),
                    )
                }
            }
        }
        #[inline]
        fn check(
            __image: &[::core::primitive::u8],
        ) -> ::core::result::Result<(), ::shmrec::LoadError> {
            ::core::assert!(
                < [::core::primitive::u8] > ::len(__image) == < Self as
                ::shmrec::SharedField > ::SIZE,
                "the image of `State` has another length than `State::SIZE`",
            );
            match <::core::primitive::u8 as ::shmrec::SharedField>::load(
                &__image[..<::core::primitive::u8 as ::shmrec::SharedField>::SIZE],
            )? {
                __TAG_0 | __TAG_1 | __TAG_2 => ::core::result::Result::Ok(()),
                __tag => {
                    ::core::result::Result::Err(
                        ::shmrec::__private::unknown_tag(
                            __tag as ::core::primitive::i128,
                            &<Self as ::shmrec::SharedField>::TYPE,
                        ),
                    )
                }
            }
        }
    }
    const _: ::core::primitive::usize = <State as ::shmrec::SharedField>::SIZE;
};
