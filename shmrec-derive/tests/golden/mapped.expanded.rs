const _: () = {
    ///The handles of the fields of `Order`.
    struct OrderFields {
        ///The handle of the field `id`.
        id: vendor::shmrec::Field<
            Order,
            Uuid,
            vendor::shmrec::encoding::With<Bytes, vendor::shmrec::encoding::Plain>,
        >,
        ///The handle of the field `count`.
        number: vendor::shmrec::Field<
            Order,
            Option<usize>,
            vendor::shmrec::encoding::Tagged<
                vendor::shmrec::encoding::As<u64, vendor::shmrec::encoding::Plain>,
            >,
        >,
        ///The handle of the field `currency`.
        currency: vendor::shmrec::Field<
            Order,
            Currency,
            vendor::shmrec::encoding::Plain,
        >,
    }
    impl ::core::clone::Clone for OrderFields {
        #[inline]
        fn clone(&self) -> Self {
            *self
        }
    }
    impl ::core::marker::Copy for OrderFields {}
    impl ::core::fmt::Debug for OrderFields {
        fn fmt(&self, __f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
            vendor::shmrec::__private::debug_handles(__f, "OrderFields", Self::FIELDS)
        }
    }
    impl OrderFields {
        const COLUMNS: vendor::shmrec::__private::Columns<3usize> = {
            let mut __columns = vendor::shmrec::__private::Columns::<
                3usize,
            >::behind(0, "shop.Order");
            vendor::shmrec::__private::Columns::add(
                &mut __columns,
                "id",
                "",
                ::core::option::Option::None,
                <vendor::shmrec::encoding::With<
                    Bytes,
                    vendor::shmrec::encoding::Plain,
                > as vendor::shmrec::encoding::Encoding<Uuid>>::COLUMN,
            );
            vendor::shmrec::__private::Columns::check_offset(&__columns, 0);
            vendor::shmrec::__private::Columns::add(
                &mut __columns,
                "count",
                "",
                ::core::option::Option::None,
                <vendor::shmrec::encoding::Tagged<
                    vendor::shmrec::encoding::As<u64, vendor::shmrec::encoding::Plain>,
                > as vendor::shmrec::encoding::Encoding<Option<usize>>>::COLUMN,
            );
            vendor::shmrec::__private::Columns::add(
                &mut __columns,
                "currency",
                "",
                ::core::option::Option::Some(|__image| {
                    let __value: Currency = Currency::EURO;
                    <vendor::shmrec::encoding::Plain as vendor::shmrec::encoding::Encoding<
                        Currency,
                    >>::store(&__value, __image)
                }),
                <vendor::shmrec::encoding::Plain as vendor::shmrec::encoding::Encoding<
                    Currency,
                >>::COLUMN,
            );
            let __columns = vendor::shmrec::__private::Columns::end_of_record(__columns);
            let __stated: ::core::primitive::usize = 48;
            vendor::shmrec::__private::check_size(
                "shop.Order",
                __stated,
                __columns.size,
            );
            let __stated: ::core::primitive::usize = 8;
            vendor::shmrec::__private::check_align(
                "shop.Order",
                __stated,
                __columns.align,
            );
            __columns
        };
        const FIELDS: &'static [vendor::shmrec::FieldDesc; 3usize] = &Self::COLUMNS
            .fields;
    }
    impl OrderFields {
        fn skipped_0() -> Instant {
            Instant::now()
        }
    }
    #[automatically_derived]
    unsafe impl vendor::shmrec::__private::Visitable for Order {
        #[inline]
        unsafe fn visit<__Op: vendor::shmrec::__private::Visit>(
            __at: *const Self,
            __op: &mut __Op,
        ) -> ::core::result::Result<(), __Op::Error> {
            vendor::shmrec::__private::Visit::begin(
                __op,
                <Self as vendor::shmrec::SharedRecord>::RECORD,
            );
            unsafe {
                <vendor::shmrec::encoding::With<
                    Bytes,
                    vendor::shmrec::encoding::Plain,
                > as vendor::shmrec::encoding::Encoding<
                    Uuid,
                >>::visit(__op, &raw const (*__at).id, &OrderFields::FIELDS[0usize])?;
                <vendor::shmrec::encoding::Tagged<
                    vendor::shmrec::encoding::As<u64, vendor::shmrec::encoding::Plain>,
                > as vendor::shmrec::encoding::Encoding<
                    Option<usize>,
                >>::visit(
                    __op,
                    &raw const (*__at).number,
                    &OrderFields::FIELDS[1usize],
                )?;
                <vendor::shmrec::encoding::Plain as vendor::shmrec::encoding::Encoding<
                    Currency,
                >>::visit(
                    __op,
                    &raw const (*__at).currency,
                    &OrderFields::FIELDS[2usize],
                )?;
                vendor::shmrec::__private::Visit::skipped(
                    __op,
                    &raw const (*__at).read,
                    OrderFields::skipped_0,
                );
            }
            ::core::result::Result::Ok(())
        }
    }
    #[automatically_derived]
    impl vendor::shmrec::SharedField for Order {
        const SIZE: ::core::primitive::usize = OrderFields::COLUMNS.size;
        const ALIGN: ::core::primitive::usize = OrderFields::COLUMNS.align;
        const TYPE: vendor::shmrec::TypeDesc = vendor::shmrec::TypeDesc::Record {
            record: <Self as vendor::shmrec::SharedRecord>::RECORD,
        };
        #[inline]
        fn store(
            &self,
            __image: &mut [::core::primitive::u8],
        ) -> ::core::result::Result<(), vendor::shmrec::StoreError> {
            vendor::shmrec::__private::store(self, __image)
        }
        #[inline]
        fn store_in<'__place>(
            &self,
            __place: &'__place mut [::core::mem::MaybeUninit<::core::primitive::u8>],
        ) -> ::core::result::Result<
            &'__place mut [::core::primitive::u8],
            vendor::shmrec::StoreError,
        > {
            vendor::shmrec::__private::store_in(self, __place)
        }
        #[inline]
        fn load(
            __image: &[::core::primitive::u8],
        ) -> ::core::result::Result<Self, vendor::shmrec::LoadError> {
            vendor::shmrec::__private::load(__image)
        }
        #[inline]
        fn check(
            __image: &[::core::primitive::u8],
        ) -> ::core::result::Result<(), vendor::shmrec::LoadError> {
            vendor::shmrec::__private::check_length(
                __image,
                <Self as vendor::shmrec::SharedRecord>::RECORD,
            );
            <vendor::shmrec::encoding::With<
                Bytes,
                vendor::shmrec::encoding::Plain,
            > as vendor::shmrec::encoding::Encoding<
                Uuid,
            >>::check_field(__image, &OrderFields::FIELDS[0usize], "")?;
            <vendor::shmrec::encoding::Tagged<
                vendor::shmrec::encoding::As<u64, vendor::shmrec::encoding::Plain>,
            > as vendor::shmrec::encoding::Encoding<
                Option<usize>,
            >>::check_field(__image, &OrderFields::FIELDS[1usize], "")?;
            <vendor::shmrec::encoding::Plain as vendor::shmrec::encoding::Encoding<
                Currency,
            >>::check_field(__image, &OrderFields::FIELDS[2usize], "")?;
            ::core::result::Result::Ok(())
        }
        #[inline]
        fn load_into(
            &mut self,
            __image: &[::core::primitive::u8],
        ) -> ::core::result::Result<(), vendor::shmrec::LoadError> {
            vendor::shmrec::__private::load_into(self, __image)
        }
        #[inline]
        fn load_at<'__place>(
            __image: &[::core::primitive::u8],
            __place: &'__place mut ::core::mem::MaybeUninit<Self>,
        ) -> ::core::result::Result<&'__place mut Self, vendor::shmrec::LoadError> {
            vendor::shmrec::__private::load_at(__image, __place)
        }
    }
    #[automatically_derived]
    impl vendor::shmrec::SharedRecord for Order {
        type Fields = OrderFields;
        const RECORD: &'static vendor::shmrec::RecordDesc = &vendor::shmrec::RecordDesc {
            name: "shop.Order",
            docs: "",
            size: <Self as vendor::shmrec::SharedField>::SIZE,
            align: <Self as vendor::shmrec::SharedField>::ALIGN,
            fields: OrderFields::FIELDS,
        };
        #[inline]
        fn fields() -> Self::Fields {
            OrderFields {
                id: vendor::shmrec::Field::of(&OrderFields::FIELDS[0usize]),
                number: vendor::shmrec::Field::of(&OrderFields::FIELDS[1usize]),
                currency: vendor::shmrec::Field::of(&OrderFields::FIELDS[2usize]),
            }
        }
    }
    const _: ::core::primitive::usize = <Order as vendor::shmrec::SharedField>::SIZE;
};
