const _: () = {
    ///The handles of the fields of `Sample`.
    pub(crate) struct SampleFields(
        ///The handle of the field `0`.
        pub ::shmrec::Field<Sample, u64, ::shmrec::encoding::Plain>,
        ///Not transferred.
        (),
        ///The handle of the field `2`.
        ::shmrec::Field<Sample, f32, ::shmrec::encoding::Plain>,
    );
    impl ::core::clone::Clone for SampleFields {
        #[inline]
        fn clone(&self) -> Self {
            *self
        }
    }
    impl ::core::marker::Copy for SampleFields {}
    impl ::core::fmt::Debug for SampleFields {
        fn fmt(&self, __f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
            ::shmrec::__private::debug_handles(__f, "SampleFields", Self::FIELDS)
        }
    }
    impl SampleFields {
        const COLUMNS: ::shmrec::__private::Columns<2usize> = {
            let mut __columns = ::shmrec::__private::Columns::<
                2usize,
            >::behind(0, "Sample");
            ::shmrec::__private::Columns::add(
                &mut __columns,
                "0",
                "",
                ::core::option::Option::None,
                <::shmrec::encoding::Plain as ::shmrec::encoding::Encoding<u64>>::COLUMN,
            );
            ::shmrec::__private::Columns::add(
                &mut __columns,
                "2",
                "",
                ::core::option::Option::None,
                <::shmrec::encoding::Plain as ::shmrec::encoding::Encoding<f32>>::COLUMN,
            );
            let __columns = ::shmrec::__private::Columns::end_of_record(__columns);
            __columns
        };
        const FIELDS: &'static [::shmrec::FieldDesc; 2usize] = &Self::COLUMNS.fields;
    }
    impl SampleFields {
        fn skipped_0() -> Cache {
            <Cache as ::shmrec::__private::ByDefault>::by_default()
        }
    }
    #[automatically_derived]
    unsafe impl ::shmrec::__private::Visitable for Sample {
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
                    u64,
                >>::visit(__op, &raw const (*__at).0, &SampleFields::FIELDS[0usize])?;
                <::shmrec::encoding::Plain as ::shmrec::encoding::Encoding<
                    f32,
                >>::visit(__op, &raw const (*__at).2, &SampleFields::FIELDS[1usize])?;
                ::shmrec::__private::Visit::skipped(
                    __op,
                    &raw const (*__at).1,
                    SampleFields::skipped_0,
                );
            }
            ::core::result::Result::Ok(())
        }
    }
    #[automatically_derived]
    impl ::shmrec::SharedField for Sample {
        const SIZE: ::core::primitive::usize = SampleFields::COLUMNS.size;
        const ALIGN: ::core::primitive::usize = SampleFields::COLUMNS.align;
        const TYPE: ::shmrec::TypeDesc = ::shmrec::TypeDesc::Record {
            record: <Self as ::shmrec::SharedRecord>::RECORD,
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
                u64,
            >>::check_field(__image, &SampleFields::FIELDS[0usize], "")?;
            <::shmrec::encoding::Plain as ::shmrec::encoding::Encoding<
                f32,
            >>::check_field(__image, &SampleFields::FIELDS[1usize], "")?;
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
    impl ::shmrec::SharedRecord for Sample {
        type Fields = SampleFields;
        const RECORD: &'static ::shmrec::RecordDesc = &::shmrec::RecordDesc {
            name: "Sample",
            docs: "",
            size: <Self as ::shmrec::SharedField>::SIZE,
            align: <Self as ::shmrec::SharedField>::ALIGN,
            fields: SampleFields::FIELDS,
        };
        #[inline]
        fn fields() -> Self::Fields {
            SampleFields {
                0: ::shmrec::Field::of(&SampleFields::FIELDS[0usize]),
                1: (),
                2: ::shmrec::Field::of(&SampleFields::FIELDS[1usize]),
            }
        }
    }
    const _: ::core::primitive::usize = <Sample as ::shmrec::SharedField>::SIZE;
};
