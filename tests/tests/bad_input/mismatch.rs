//! A segment of another record is refused with the first field that differs, in words.

use shmrec::schema::Subject;
use shmrec::{LinkError, Mismatch, SharedRecord};
use shmrec_tests::directory::TestDir;

/// What the program has.
#[derive(SharedRecord, Clone, Debug)]
struct Account {
    id: u32,
    #[record(capacity = 8)]
    owner: String,
    balance: f64,
    kind: Kind,
    limits: [u16; 3],
    home: Address,
}

#[derive(SharedRecord, Clone, Copy, Debug)]
#[repr(u8)]
enum Kind {
    Plain,
    Gold = 7,
}

#[derive(SharedRecord, Clone, Debug)]
struct Address {
    zip: u32,
    country: [u8; 2],
}

impl Account {
    fn new() -> Self {
        Self {
            id: 1,
            owner: "Ada".into(),
            balance: 2.5,
            kind: Kind::Gold,
            limits: [1, 2, 3],
            home: Address { zip: 12345, country: *b"de" },
        }
    }
}

/// Makes records that are called `Account` as well, each with fields of its own.
macro_rules! accounts {
    ($($module:ident { $($fields:tt)* })*) => {$(
        mod $module {
            #![allow(dead_code, unused_imports)]
            use super::{Address, Kind, moved};

            #[derive(shmrec::SharedRecord)]
            #[record(name = "Account")]
            pub(super) struct Other { $($fields)* }
        }
    )*};
}

accounts! {
    same {
        id: u32, #[record(capacity = 8)] owner: String, balance: f64, kind: Kind, limits: [u16; 3], home: Address
    }
    integer {
        id: u32, #[record(capacity = 8)] owner: String, balance: i64, kind: Kind, limits: [u16; 3], home: Address
    }
    roomier {
        id: u32, #[record(capacity = 16)] owner: String, balance: f64, kind: Kind, limits: [u16; 3], home: Address
    }
    fewer {
        id: u32, #[record(capacity = 8)] owner: String, kind: Kind, limits: [u16; 3], home: Address
    }
    longer {
        id: u32, #[record(capacity = 8)] owner: String, balance: f64, kind: Kind, limits: [u16; 4], home: Address
    }
    more {
        id: u32, #[record(capacity = 8)] owner: String, balance: f64, kind: Kind, limits: [u16; 3], home: Address,
        closed: bool
    }
    optional {
        id: Option<u32>, #[record(capacity = 8)] owner: String, balance: f64, kind: Kind, limits: [u16; 3], home: Address
    }
    elsewhere {
        id: u32, #[record(capacity = 8)] owner: String, balance: f64, kind: Kind, limits: [u16; 3],
        home: moved::Address
    }
    promoted {
        id: u32, #[record(capacity = 8)] owner: String, balance: f64, kind: moved::Kind, limits: [u16; 3], home: Address
    }
    renamed {
        id: u32, #[record(capacity = 8)] holder: String, balance: f64, kind: Kind, limits: [u16; 3], home: Address
    }
}

mod moved {
    /// Its fields stand in another order.
    #[derive(shmrec::SharedRecord)]
    pub(super) struct Address {
        pub(super) country: [u8; 2],
        pub(super) zip: u32,
    }

    /// One of its variants has another value.
    #[derive(shmrec::SharedRecord, Clone, Copy)]
    #[repr(u8)]
    #[allow(dead_code)]
    pub(super) enum Kind {
        Plain,
        Gold = 8,
    }
}

/// Records of which only the names differ.
mod called {
    #[derive(shmrec::SharedRecord)]
    #[record(name = "Client")]
    pub(super) struct OtherName {
        id: u32,
    }

    #[derive(shmrec::SharedRecord)]
    pub(super) struct Client {
        id: u32,
    }

    #[derive(shmrec::SharedRecord)]
    #[record(name = "Customer")]
    pub(super) struct Customer {
        id: u32,
    }
}

/// Refuses an `Account` segment to programs that have `T`: as a writer, as a reader, and where either would do.
#[track_caller]
fn refused<T: SharedRecord + 'static>() -> Mismatch {
    let dir = TestDir::new();
    let segment = dir.options().create_with("account", &Account::new()).unwrap();
    let mismatches = [
        dir.options().link::<T>("account").map(drop),
        dir.options().reader::<T>("account").map(drop),
        dir.options().create_or_link::<T>("account").map(drop).map_err(|error| match error {
            shmrec::Error::Link(error) => error,
            error => panic!("{error}"),
        }),
    ]
    .map(|outcome| match outcome {
        Err(LinkError::Mismatch(mismatch)) => mismatch,
        other => panic!("another record was accepted: {other:?}"),
    });
    let [first, second, third] = mismatches.each_ref().map(|m| m.differences().to_vec());
    assert_eq!((&first, &first), (&second, &third));
    // Those who were refused are no users, and the segment goes on.
    assert_eq!(segment.users().unwrap(), 1);
    assert_eq!(
        segment
            .update(|a| {
                a.balance += 1.0;
                a.balance
            })
            .unwrap(),
        3.5
    );
    drop(segment);
    assert!(dir.files().is_empty(), "{:?}", dir.files());
    mismatches.into_iter().next().unwrap()
}

#[test]
fn a_field_of_another_type_is_named_with_both_types_and_places() {
    let mismatch = refused::<integer::Other>();
    assert_eq!(mismatch.differences()[0].to_string(), r#"field "balance": here i64 at 16, in the segment f64 at 16"#);
    assert_eq!(mismatch.differences().len(), 1);
    assert_eq!(
        LinkError::from(mismatch).to_string(),
        r#"the segment holds another record: field "balance": here i64 at 16, in the segment f64 at 16: build both programs with the same definition of the record, or link with the option `compatible`"#
    );
}

#[test]
fn all_differences_are_listed_the_first_one_first() {
    for (mismatch, first) in [
        (
            refused::<roomier::Other>(),
            r#"field "owner": here String (capacity 16) at 4, in the segment String (capacity 8) at 4"#,
        ),
        (refused::<fewer::Other>(), r#"field "kind": here Kind at 16, in the segment Kind at 24"#),
        (refused::<longer::Other>(), r#"field "limits": here [u16; 4] at 26, in the segment [u16; 3] at 26"#),
        (refused::<more::Other>(), r#"field "closed": here bool at 40, not in the segment"#),
        (refused::<optional::Other>(), r#"field "id": here Option<u32> at 0, in the segment u32 at 0"#),
        (refused::<elsewhere::Other>(), r#"field "home.country": here [u8; 2] at 0, in the segment [u8; 2] at 4"#),
        (refused::<promoted::Other>(), r#"variant "kind.Gold": here 8, in the segment 7"#),
        (refused::<renamed::Other>(), r#"field "holder": here String (capacity 8) at 4, not in the segment"#),
        (refused::<called::Client>(), r#"name of the record: here "Client", in the segment "Account""#),
    ] {
        let differences = mismatch.differences();
        assert_eq!(differences[0].to_string(), first, "of {differences:#?}");
        let message = mismatch.to_string();
        let listed: Vec<String> = differences.iter().map(ToString::to_string).collect();
        match &listed[..] {
            [only] => assert!(message.contains(only) && message.lines().count() == 1, "{message}"),
            all => {
                assert!(
                    message.lines().next().is_some_and(|line| line.contains(&format!("{} differences", all.len())))
                );
                assert_eq!(message.lines().skip(1).map(str::trim).collect::<Vec<_>>(), all);
            }
        }
    }
}

#[test]
fn a_field_that_only_the_segment_has_is_a_difference_too() {
    let mismatch = refused::<fewer::Other>();
    let only_there =
        mismatch.differences().iter().find(|d| d.here().is_none()).expect("the field that is missing here");
    assert_eq!((only_there.subject(), only_there.path()), (Subject::Field, "balance"));
    assert_eq!(only_there.in_segment(), Some("f64 at 16"));
}

#[test]
fn modules_and_names_of_types_in_the_program_do_not_count() {
    let dir = TestDir::new();
    let segment = dir.options().create_with("account", &Account::new()).unwrap();
    assert!(dir.options().reader::<same::Other>("account").is_ok());
    drop(segment);
    let _client = dir.options().create::<called::Client>("client").unwrap();
    assert!(dir.options().reader::<called::OtherName>("client").is_ok());
    match dir.options().reader::<called::Customer>("client") {
        Err(LinkError::Mismatch(mismatch)) => assert_eq!(mismatch.differences()[0].subject(), Subject::Name),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_segment_that_is_refused_to_its_last_user_stays_if_it_persists() {
    let dir = TestDir::new();
    drop(dir.options().persist(true).create_with("kept", &Account::new()).unwrap());
    let before = super::Snapshot::of(&dir.file("kept"));
    assert!(matches!(dir.options().link::<integer::Other>("kept"), Err(LinkError::Mismatch(_))));
    before.is_untouched();
    assert_eq!(dir.options().reader::<Account>("kept").unwrap().read().unwrap().home.zip, 12345);
}
