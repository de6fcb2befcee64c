const _: () = {
    ///The handles of the fields of `Pose`.
    pub struct PoseFields {
        ///The handle of the field `x`.
        pub x: ::shmrec::Field<Pose, f64, ::shmrec::encoding::Plain>,
        ///The handle of the field `y`.
        pub y: ::shmrec::Field<Pose, f64, ::shmrec::encoding::Plain>,
        ///The handle of the field `valid`.
        valid: ::shmrec::Field<Pose, bool, ::shmrec::encoding::Plain>,
    }
    impl ::core::clone::Clone for PoseFields {
        #[inline]
        fn clone(&self) -> Self {
            *self
        }
    }
    impl ::core::marker::Copy for PoseFields {}
    impl ::core::fmt::Debug for PoseFields {
        fn fmt(&self, __f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
            ::shmrec::__private::debug_handles(__f, "PoseFields", Self::FIELDS)
        }
    }
    impl PoseFields {
        const COLUMNS: ::shmrec::__private::Columns<3usize> = {
            let mut __columns = ::shmrec::__private::Columns::<
                3usize,
            >::behind(0, "Pose");
            ::shmrec::__private::Columns::add(
                &mut __columns,
                "x",
                "In metres.",
                ::core::option::Option::None,
                <::shmrec::encoding::Plain as ::shmrec::encoding::Encoding<f64>>::COLUMN,
            );
            ::shmrec::__private::Columns::add(
                &mut __columns,
                "y",
                "",
                ::core::option::Option::None,
                <::shmrec::encoding::Plain as ::shmrec::encoding::Encoding<f64>>::COLUMN,
            );
            ::shmrec::__private::Columns::add(
                &mut __columns,
                "valid",
                "",
                ::core::option::Option::None,
                <::shmrec::encoding::Plain as ::shmrec::encoding::Encoding<bool>>::COLUMN,
            );
            let __columns = ::shmrec::__private::Columns::end_of_record(__columns);
            __columns
        };
        const FIELDS: &'static [::shmrec::FieldDesc; 3usize] = &Self::COLUMNS.fields;
    }
    #[automatically_derived]
    unsafe impl ::shmrec::__private::Visitable for Pose {
        #[inline]
        unsafe fn visit<__Op: ::shmrec::__private::Visit>(
            __at: *const Self,
            __op: &mut __Op,
        ) -> ::core::result::Result<(), __Op::Error> {
            ::shmrec::__private::Visit::begin(
                __op,
                <Self as ::shmrec::SharedRecord>::RECORD,
            );
            unsafe {
                <::shmrec::encoding::Plain as ::shmrec::encoding::Encoding<
                    f64,
                >>::visit(__op, &raw const (*__at).x, &PoseFields::FIELDS[0usize])?;
                <::shmrec::encoding::Plain as ::shmrec::encoding::Encoding<
                    f64,
                >>::visit(__op, &raw const (*__at).y, &PoseFields::FIELDS[1usize])?;
                <::shmrec::encoding::Plain as ::shmrec::encoding::Encoding<
                    bool,
                >>::visit(__op, &raw const (*__at).valid, &PoseFields::FIELDS[2usize])?;
            }
            ::core::result::Result::Ok(())
        }
    }
    #[automatically_derived]
    impl ::shmrec::SharedField for Pose {
        const SIZE: ::core::primitive::usize = PoseFields::COLUMNS.size;
        const ALIGN: ::core::primitive::usize = PoseFields::COLUMNS.align;
        const TYPE: ::shmrec::TypeDesc = ::shmrec::TypeDesc::Record {
            record: <Self as ::shmrec::SharedRecord>::RECORD,
        };
        const DIRECT: ::shmrec::Direct<Self> = unsafe {
            ::shmrec::Direct::of_fields(
                &PoseFields::COLUMNS,
                [
                    <::shmrec::encoding::Plain as ::shmrec::encoding::Encoding<
                        f64,
                    >>::DIRECT
                        .in_record(
                            ::core::mem::offset_of!(Self, x),
                            <::shmrec::encoding::Plain as ::shmrec::encoding::Encoding<
                                f64,
                            >>::SIZE,
                        ),
                    <::shmrec::encoding::Plain as ::shmrec::encoding::Encoding<
                        f64,
                    >>::DIRECT
                        .in_record(
                            ::core::mem::offset_of!(Self, y),
                            <::shmrec::encoding::Plain as ::shmrec::encoding::Encoding<
                                f64,
                            >>::SIZE,
                        ),
                    <::shmrec::encoding::Plain as ::shmrec::encoding::Encoding<
                        bool,
                    >>::DIRECT
                        .in_record(
                            ::core::mem::offset_of!(Self, valid),
                            <::shmrec::encoding::Plain as ::shmrec::encoding::Encoding<
                                bool,
                            >>::SIZE,
                        ),
                ],
            )
        };
        #[inline]
        fn store(
            &self,
            __image: &mut [::core::primitive::u8],
        ) -> ::core::result::Result<(), ::shmrec::StoreError> {
            ::shmrec::__private::store(self, __image)
        }
        #[inline]
        fn store_in<'__place>(
            &self,
            __place: &'__place mut [::core::mem::MaybeUninit<::core::primitive::u8>],
        ) -> ::core::result::Result<
            &'__place mut [::core::primitive::u8],
            ::shmrec::StoreError,
        > {
            ::shmrec::__private::store_in(self, __place)
        }
        #[inline]
        fn load(
            __image: &[::core::primitive::u8],
        ) -> ::core::result::Result<Self, ::shmrec::LoadError> {
            ::shmrec::__private::load(__image)
        }
        #[inline]
        fn check(
            __image: &[::core::primitive::u8],
        ) -> ::core::result::Result<(), ::shmrec::LoadError> {
            ::shmrec::__private::check_length(
                __image,
                <Self as ::shmrec::SharedRecord>::RECORD,
            );
            <::shmrec::encoding::Plain as ::shmrec::encoding::Encoding<
                f64,
            >>::check_field(__image, &PoseFields::FIELDS[0usize], "")?;
            <::shmrec::encoding::Plain as ::shmrec::encoding::Encoding<
                f64,
            >>::check_field(__image, &PoseFields::FIELDS[1usize], "")?;
            <::shmrec::encoding::Plain as ::shmrec::encoding::Encoding<
                bool,
            >>::check_field(__image, &PoseFields::FIELDS[2usize], "")?;
            ::core::result::Result::Ok(())
        }
        #[inline]
        fn load_into(
            &mut self,
            __image: &[::core::primitive::u8],
        ) -> ::core::result::Result<(), ::shmrec::LoadError> {
            ::shmrec::__private::load_into(self, __image)
        }
        #[inline]
        fn load_at<'__place>(
            __image: &[::core::primitive::u8],
            __place: &'__place mut ::core::mem::MaybeUninit<Self>,
        ) -> ::core::result::Result<&'__place mut Self, ::shmrec::LoadError> {
            ::shmrec::__private::load_at(__image, __place)
        }
    }
    #[automatically_derived]
    impl ::shmrec::SharedRecord for Pose {
        type Fields = PoseFields;
        const RECORD: &'static ::shmrec::RecordDesc = &::shmrec::RecordDesc {
            name: "Pose",
            docs: "Where the robot is.",
            size: <Self as ::shmrec::SharedField>::SIZE,
            align: <Self as ::shmrec::SharedField>::ALIGN,
            fields: PoseFields::FIELDS,
        };
        #[inline]
        fn fields() -> Self::Fields {
            PoseFields {
                x: ::shmrec::Field::of(&PoseFields::FIELDS[0usize]),
                y: ::shmrec::Field::of(&PoseFields::FIELDS[1usize]),
                valid: ::shmrec::Field::of(&PoseFields::FIELDS[2usize]),
            }
        }
    }
    const _: ::core::primitive::usize = <Pose as ::shmrec::SharedField>::SIZE;
};
