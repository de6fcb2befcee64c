const _: () = {
    ///The handles of the fields of `Ring`.
    struct RingFields<T, const N: usize>
    where
        T: Copy,
    {
        ///The handle of the field `items`.
        items: ::shmrec::Field<Ring<T, N>, [T; N], ::shmrec::encoding::Plain>,
        ///The handle of the field `recent`.
        recent: ::shmrec::Field<Ring<T, N>, Vec<T>, ::shmrec::encoding::Capacity<{ N }>>,
    }
    impl<T, const N: usize> ::core::clone::Clone for RingFields<T, N>
    where
        T: Copy,
    {
        #[inline]
        fn clone(&self) -> Self {
            *self
        }
    }
    impl<T, const N: usize> ::core::marker::Copy for RingFields<T, N>
    where
        T: Copy,
    {}
    impl<T, const N: usize> ::core::fmt::Debug for RingFields<T, N>
    where
        T: Copy,
        [T; N]: ::shmrec::SharedField,
        ::shmrec::encoding::Capacity<{ N }>: ::shmrec::encoding::Encoding<Vec<T>>,
        PhantomData<T>: ::core::default::Default,
    {
        fn fmt(&self, __f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
            ::shmrec::__private::debug_handles(__f, "RingFields", Self::FIELDS)
        }
    }
    impl<T, const N: usize> RingFields<T, N>
    where
        T: Copy,
        [T; N]: ::shmrec::SharedField,
        ::shmrec::encoding::Capacity<{ N }>: ::shmrec::encoding::Encoding<Vec<T>>,
        PhantomData<T>: ::core::default::Default,
    {
        const COLUMNS: ::shmrec::__private::Columns<2usize> = {
            let mut __columns = ::shmrec::__private::Columns::<
                2usize,
            >::behind(0, "Ring");
            ::shmrec::__private::Columns::add(
                &mut __columns,
                "items",
                "",
                ::core::option::Option::None,
                <::shmrec::encoding::Plain as ::shmrec::encoding::Encoding<
                    [T; N],
                >>::COLUMN,
            );
            ::shmrec::__private::check_capacity::<{ N }>();
            ::shmrec::__private::Columns::add(
                &mut __columns,
                "recent",
                "",
                ::core::option::Option::None,
                <::shmrec::encoding::Capacity<
                    { N },
                > as ::shmrec::encoding::Encoding<Vec<T>>>::COLUMN,
            );
            let __columns = ::shmrec::__private::Columns::end_of_record(__columns);
            __columns
        };
        const FIELDS: &'static [::shmrec::FieldDesc; 2usize] = &Self::COLUMNS.fields;
    }
    impl<T, const N: usize> RingFields<T, N>
    where
        T: Copy,
        [T; N]: ::shmrec::SharedField,
        ::shmrec::encoding::Capacity<{ N }>: ::shmrec::encoding::Encoding<Vec<T>>,
        PhantomData<T>: ::core::default::Default,
    {
        fn skipped_0() -> PhantomData<T> {
            <PhantomData<T> as ::shmrec::__private::ByDefault>::by_default()
        }
    }
    #[automatically_derived]
    unsafe impl<T, const N: usize> ::shmrec::__private::Visitable for Ring<T, N>
    where
        T: Copy,
        [T; N]: ::shmrec::SharedField,
        ::shmrec::encoding::Capacity<{ N }>: ::shmrec::encoding::Encoding<Vec<T>>,
        PhantomData<T>: ::core::default::Default,
    {
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
                    [T; N],
                >>::visit(
                    __op,
                    &raw const (*__at).items,
                    &RingFields::<T, N>::FIELDS[0usize],
                )?;
                <::shmrec::encoding::Capacity<
                    { N },
                > as ::shmrec::encoding::Encoding<
                    Vec<T>,
                >>::visit(
                    __op,
                    &raw const (*__at).recent,
                    &RingFields::<T, N>::FIELDS[1usize],
                )?;
                ::shmrec::__private::Visit::skipped(
                    __op,
                    &raw const (*__at).kind,
                    RingFields::<T, N>::skipped_0,
                );
            }
            ::core::result::Result::Ok(())
        }
    }
    #[automatically_derived]
    impl<T, const N: usize> ::shmrec::SharedField for Ring<T, N>
    where
        T: Copy,
        [T; N]: ::shmrec::SharedField,
        ::shmrec::encoding::Capacity<{ N }>: ::shmrec::encoding::Encoding<Vec<T>>,
        PhantomData<T>: ::core::default::Default,
    {
        const SIZE: ::core::primitive::usize = RingFields::<T, N>::COLUMNS.size;
        const ALIGN: ::core::primitive::usize = RingFields::<T, N>::COLUMNS.align;
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
                [T; N],
            >>::check_field(__image, &RingFields::<T, N>::FIELDS[0usize], "")?;
            <::shmrec::encoding::Capacity<
                { N },
            > as ::shmrec::encoding::Encoding<
                Vec<T>,
            >>::check_field(__image, &RingFields::<T, N>::FIELDS[1usize], "")?;
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
    impl<T, const N: usize> ::shmrec::SharedRecord for Ring<T, N>
    where
        T: Copy,
        [T; N]: ::shmrec::SharedField,
        ::shmrec::encoding::Capacity<{ N }>: ::shmrec::encoding::Encoding<Vec<T>>,
        PhantomData<T>: ::core::default::Default,
    {
        type Fields = RingFields<T, N>;
        const RECORD: &'static ::shmrec::RecordDesc = &::shmrec::RecordDesc {
            name: "Ring",
            docs: "",
            size: <Self as ::shmrec::SharedField>::SIZE,
            align: <Self as ::shmrec::SharedField>::ALIGN,
            fields: RingFields::<T, N>::FIELDS,
        };
        #[inline]
        fn fields() -> Self::Fields {
            RingFields {
                items: ::shmrec::Field::of(&RingFields::<T, N>::FIELDS[0usize]),
                recent: ::shmrec::Field::of(&RingFields::<T, N>::FIELDS[1usize]),
            }
        }
    }
};
