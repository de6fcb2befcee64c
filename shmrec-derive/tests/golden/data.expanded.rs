const _: () = {
    const __TAG_0: ::core::primitive::u8 = 0;
    const __TAG_1: ::core::primitive::u8 = ::core::primitive::u8::wrapping_add(
        __TAG_0,
        1,
    );
    const __TAG_2: ::core::primitive::u8 = ::core::primitive::u8::wrapping_add(
        __TAG_1,
        1,
    );
    struct EventVariants(::core::marker::PhantomData<fn() -> Event>);
    impl EventVariants {
        const COLUMNS_1: ::shmrec::__private::Columns<2usize> = {
            let mut __columns = ::shmrec::__private::Columns::<
                2usize,
            >::behind(<::core::primitive::u8 as ::shmrec::SharedField>::SIZE, "Event");
            ::shmrec::__private::Columns::add(
                &mut __columns,
                "x",
                "",
                ::core::option::Option::None,
                <::shmrec::encoding::Plain as ::shmrec::encoding::Encoding<f32>>::COLUMN,
            );
            ::shmrec::__private::Columns::add(
                &mut __columns,
                "y",
                "",
                ::core::option::Option::None,
                <::shmrec::encoding::Plain as ::shmrec::encoding::Encoding<f32>>::COLUMN,
            );
            ::shmrec::__private::Columns::end(__columns)
        };
        const FIELDS_1: &'static [::shmrec::FieldDesc; 2usize] = &Self::COLUMNS_1.fields;
        const COLUMNS_2: ::shmrec::__private::Columns<1usize> = {
            let mut __columns = ::shmrec::__private::Columns::<
                1usize,
            >::behind(<::core::primitive::u8 as ::shmrec::SharedField>::SIZE, "Event");
            ::shmrec::__private::Columns::add(
                &mut __columns,
                "0",
                "",
                ::core::option::Option::None,
                <::shmrec::encoding::Capacity<
                    { 20 },
                > as ::shmrec::encoding::Encoding<String>>::COLUMN,
            );
            ::shmrec::__private::Columns::end(__columns)
        };
        const FIELDS_2: &'static [::shmrec::FieldDesc; 1usize] = &Self::COLUMNS_2.fields;
        const EXTENT: (::core::primitive::usize, ::core::primitive::usize) = {
            let __extent = ::shmrec::__private::overlaid(
                <::core::primitive::u8 as ::shmrec::SharedField>::SIZE,
                &[
                    (Self::COLUMNS_1.size, Self::COLUMNS_1.align),
                    (Self::COLUMNS_2.size, Self::COLUMNS_2.align),
                ],
            );
            __extent
        };
    }
    #[automatically_derived]
    impl ::shmrec::SharedField for Event {
        const SIZE: ::core::primitive::usize = EventVariants::EXTENT.0;
        const ALIGN: ::core::primitive::usize = EventVariants::EXTENT.1;
        const TYPE: ::shmrec::TypeDesc = ::shmrec::TypeDesc::Enum {
            desc: &::shmrec::EnumDesc {
                name: "Event",
                docs: "",
                size: <Self as ::shmrec::SharedField>::SIZE,
                align: <Self as ::shmrec::SharedField>::ALIGN,
                tag: &<::core::primitive::u8 as ::shmrec::SharedField>::TYPE,
                variants: &[
                    ::shmrec::VariantDesc {
                        name: "Nothing",
                        docs: "",
                        value: __TAG_0 as ::core::primitive::i128,
                        fields: &[],
                    },
                    ::shmrec::VariantDesc {
                        name: "Moved",
                        docs: "",
                        value: __TAG_1 as ::core::primitive::i128,
                        fields: EventVariants::FIELDS_1,
                    },
                    ::shmrec::VariantDesc {
                        name: "Said",
                        docs: "",
                        value: __TAG_2 as ::core::primitive::i128,
                        fields: EventVariants::FIELDS_2,
                    },
                ],
            },
        };
        #[inline]
        fn store(
            &self,
            __image: &mut [::core::primitive::u8],
        ) -> ::core::result::Result<(), ::shmrec::StoreError> {
            ::core::assert!(
                < [::core::primitive::u8] > ::len(__image) == < Self as
                ::shmrec::SharedField > ::SIZE,
                "the image of `Event` has another length than `Event::SIZE`",
            );
            let __tag = match self {
                Self::Nothing { .. } => __TAG_0,
                Self::Moved { .. } => __TAG_1,
                Self::Said { .. } => __TAG_2,
            };
            ::shmrec::SharedField::store(
                &__tag,
                &mut __image[..<::core::primitive::u8 as ::shmrec::SharedField>::SIZE],
            )?;
            match self {
                Self::Moved { x: __value_0, y: __value_1, .. } => {
                    <::shmrec::encoding::Plain as ::shmrec::encoding::Encoding<
                        f32,
                    >>::store_field(
                        __value_0,
                        __image,
                        &EventVariants::FIELDS_1[0usize],
                        "Moved",
                    )?;
                    <::shmrec::encoding::Plain as ::shmrec::encoding::Encoding<
                        f32,
                    >>::store_field(
                        __value_1,
                        __image,
                        &EventVariants::FIELDS_1[1usize],
                        "Moved",
                    )?;
                }
                Self::Said { 0: __value_0, .. } => {
                    <::shmrec::encoding::Capacity<
                        { 20 },
                    > as ::shmrec::encoding::Encoding<
                        String,
                    >>::store_field(
                        __value_0,
                        __image,
                        &EventVariants::FIELDS_2[0usize],
                        "Said",
                    )?;
                }
                _ => {}
            }
            ::core::result::Result::Ok(())
        }
        #[inline]
        fn load(
            __image: &[::core::primitive::u8],
        ) -> ::core::result::Result<Self, ::shmrec::LoadError> {
            ::core::assert!(
                < [::core::primitive::u8] > ::len(__image) == < Self as
                ::shmrec::SharedField > ::SIZE,
                "the image of `Event` has another length than `Event::SIZE`",
            );
            match <::core::primitive::u8 as ::shmrec::SharedField>::load(
                &__image[..<::core::primitive::u8 as ::shmrec::SharedField>::SIZE],
            )? {
                __TAG_0 => ::core::result::Result::Ok(Self::Nothing {}),
                __TAG_1 => {
                    ::core::result::Result::Ok(Self::Moved {
                        x: <::shmrec::encoding::Plain as ::shmrec::encoding::Encoding<
                            f32,
                        >>::load_field(
                            __image,
                            &EventVariants::FIELDS_1[0usize],
                            "Moved",
                        )?,
                        y: <::shmrec::encoding::Plain as ::shmrec::encoding::Encoding<
                            f32,
                        >>::load_field(
                            __image,
                            &EventVariants::FIELDS_1[1usize],
                            "Moved",
                        )?,
                    })
                }
                __TAG_2 => {
                    ::core::result::Result::Ok(Self::Said {
                        0: <::shmrec::encoding::Capacity<
                            { 20 },
                        > as ::shmrec::encoding::Encoding<
                            String,
                        >>::load_field(
                            __image,
                            &EventVariants::FIELDS_2[0usize],
                            "Said",
                        )?,
                        1: <Instant as ::shmrec::__private::ByDefault>::by_default(),
                    })
                }
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
                "the image of `Event` has another length than `Event::SIZE`",
            );
            match <::core::primitive::u8 as ::shmrec::SharedField>::load(
                &__image[..<::core::primitive::u8 as ::shmrec::SharedField>::SIZE],
            )? {
                __TAG_1 => {
                    <::shmrec::encoding::Plain as ::shmrec::encoding::Encoding<
                        f32,
                    >>::check_field(__image, &EventVariants::FIELDS_1[0usize], "Moved")?;
                    <::shmrec::encoding::Plain as ::shmrec::encoding::Encoding<
                        f32,
                    >>::check_field(__image, &EventVariants::FIELDS_1[1usize], "Moved")?;
                    ::core::result::Result::Ok(())
                }
                __TAG_2 => {
                    <::shmrec::encoding::Capacity<
                        { 20 },
                    > as ::shmrec::encoding::Encoding<
                        String,
                    >>::check_field(__image, &EventVariants::FIELDS_2[0usize], "Said")?;
                    ::core::result::Result::Ok(())
                }
                __TAG_0 => ::core::result::Result::Ok(()),
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
    const _: ::core::primitive::usize = <Event as ::shmrec::SharedField>::SIZE;
};
