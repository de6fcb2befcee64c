const _: () = {
    ///The handles of the fields of `Client`.
    struct ClientFields {
        ///The handle of the field `id`.
        id: ::shmrec::Field<Client, u32, ::shmrec::encoding::Plain>,
        ///The handle of the field `name`.
        name: ::shmrec::Field<Client, String, ::shmrec::encoding::Capacity<{ 32 }>>,
        ///The handle of the field `tags`.
        tags: ::shmrec::Field<
            Client,
            Vec<String>,
            ::shmrec::encoding::Capacity<{ 8 }, ::shmrec::encoding::Capacity<{ TAG }>>,
        >,
        ///The handle of the field `history`.
        history: ::shmrec::Field<Client, [f64; 16], ::shmrec::encoding::Plain>,
    }
    impl ::core::clone::Clone for ClientFields {
        #[inline]
        fn clone(&self) -> Self {
            *self
        }
    }
    impl ::core::marker::Copy for ClientFields {}
    impl ::core::fmt::Debug for ClientFields {
        fn fmt(&self, __f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
            ::shmrec::__private::debug_handles(__f, "ClientFields", Self::FIELDS)
        }
    }
    impl ClientFields {
        const COLUMNS: ::shmrec::__private::Columns<4usize> = {
            let mut __columns = ::shmrec::__private::Columns::<
                4usize,
            >::behind(0, "Client");
            ::shmrec::__private::Columns::add(
                &mut __columns,
                "id",
                "",
                ::core::option::Option::None,
                <::shmrec::encoding::Plain as ::shmrec::encoding::Encoding<u32>>::COLUMN,
            );
            ::shmrec::__private::Columns::add(
                &mut __columns,
                "name",
                "",
                ::core::option::Option::None,
                <::shmrec::encoding::Capacity<
                    { 32 },
                > as ::shmrec::encoding::Encoding<String>>::COLUMN,
            );
            ::shmrec::__private::check_capacity::<{ TAG }>();
            ::shmrec::__private::Columns::add(
                &mut __columns,
                "tags",
                "",
                ::core::option::Option::None,
                <::shmrec::encoding::Capacity<
                    { 8 },
                    ::shmrec::encoding::Capacity<{ TAG }>,
                > as ::shmrec::encoding::Encoding<Vec<String>>>::COLUMN,
            );
            ::shmrec::__private::Columns::add(
                &mut __columns,
                "history",
                "",
                ::core::option::Option::None,
                <::shmrec::encoding::Plain as ::shmrec::encoding::Encoding<
                    [f64; 16],
                >>::COLUMN,
            );
            let __columns = ::shmrec::__private::Columns::end_of_record(__columns);
            __columns
        };
        const FIELDS: &'static [::shmrec::FieldDesc; 4usize] = &Self::COLUMNS.fields;
    }
    #[automatically_derived]
    unsafe impl ::shmrec::__private::Visitable for Client {
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
                    u32,
                >>::visit(__op, &raw const (*__at).id, &ClientFields::FIELDS[0usize])?;
                <::shmrec::encoding::Capacity<
                    { 32 },
                > as ::shmrec::encoding::Encoding<
                    String,
                >>::visit(__op, &raw const (*__at).name, &ClientFields::FIELDS[1usize])?;
                <::shmrec::encoding::Capacity<
                    { 8 },
                    ::shmrec::encoding::Capacity<{ TAG }>,
                > as ::shmrec::encoding::Encoding<
                    Vec<String>,
                >>::visit(__op, &raw const (*__at).tags, &ClientFields::FIELDS[2usize])?;
                <::shmrec::encoding::Plain as ::shmrec::encoding::Encoding<
                    [f64; 16],
                >>::visit(
                    __op,
                    &raw const (*__at).history,
                    &ClientFields::FIELDS[3usize],
                )?;
            }
            ::core::result::Result::Ok(())
        }
    }
    #[automatically_derived]
    impl ::shmrec::SharedField for Client {
        const SIZE: ::core::primitive::usize = ClientFields::COLUMNS.size;
        const ALIGN: ::core::primitive::usize = ClientFields::COLUMNS.align;
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
                u32,
            >>::check_field(__image, &ClientFields::FIELDS[0usize], "")?;
            <::shmrec::encoding::Capacity<
                { 32 },
            > as ::shmrec::encoding::Encoding<
                String,
            >>::check_field(__image, &ClientFields::FIELDS[1usize], "")?;
            <::shmrec::encoding::Capacity<
                { 8 },
                ::shmrec::encoding::Capacity<{ TAG }>,
            > as ::shmrec::encoding::Encoding<
                Vec<String>,
            >>::check_field(__image, &ClientFields::FIELDS[2usize], "")?;
            <::shmrec::encoding::Plain as ::shmrec::encoding::Encoding<
                [f64; 16],
            >>::check_field(__image, &ClientFields::FIELDS[3usize], "")?;
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
    impl ::shmrec::SharedRecord for Client {
        type Fields = ClientFields;
        const RECORD: &'static ::shmrec::RecordDesc = &::shmrec::RecordDesc {
            name: "Client",
            docs: "",
            size: <Self as ::shmrec::SharedField>::SIZE,
            align: <Self as ::shmrec::SharedField>::ALIGN,
            fields: ClientFields::FIELDS,
        };
        #[inline]
        fn fields() -> Self::Fields {
            ClientFields {
                id: ::shmrec::Field::of(&ClientFields::FIELDS[0usize]),
                name: ::shmrec::Field::of(&ClientFields::FIELDS[1usize]),
                tags: ::shmrec::Field::of(&ClientFields::FIELDS[2usize]),
                history: ::shmrec::Field::of(&ClientFields::FIELDS[3usize]),
            }
        }
    }
    const _: ::core::primitive::usize = <Client as ::shmrec::SharedField>::SIZE;
};
