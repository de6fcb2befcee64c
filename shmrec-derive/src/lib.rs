//! The derive macro of [shmrec](https://docs.rs/shmrec), where it is used from: `use shmrec::SharedRecord;`.
//!
//! See [`SharedRecord`](derive@SharedRecord) for what it takes.

mod ast;
mod attr;
mod encoder;
mod errors;
mod expand;
mod fallback;
#[cfg(test)]
mod golden;
mod parts;
mod receiver;
mod valid;
mod variants;

use proc_macro::TokenStream;
use syn::DeriveInput;

use crate::errors::Errors;

/// Makes a struct a shared record, or an enum a field of one.
///
/// The struct stays as it is: no `repr`, no `Copy`, private fields if you like, named or numbered, with type and const
/// parameters. Its *image*, the bytes that are transferred, has the fields in declaration order, each at C's natural
/// alignment.
///
/// ```
/// use shmrec::{SharedField, SharedRecord};
///
/// /// What the drive reports.
/// #[derive(SharedRecord, Clone, Debug, PartialEq)]
/// #[record(name = "drive.Status", size = 88)]
/// struct Status {
///     /// Counts from 1.
///     sequence: u64,
///     #[record(rename = "mode")]
///     state: State,
///     /// Newton metres.
///     torque: [f32; 6],
///     #[record(offset = 36, capacity = 15)]
///     operator: String,
///     #[record(capacity = (2, 7))]
///     faults: Vec<String>,
///     #[record(skip)]
///     received: Option<std::time::Instant>,
/// }
///
/// #[derive(SharedRecord, Clone, Copy, Debug, PartialEq)]
/// #[repr(u8)]
/// enum State { Off, Ready = 4, Moving }
///
/// let status = Status {
///     sequence: 1,
///     state: State::Moving,
///     torque: [0.5; 6],
///     operator: "ann".into(),
///     faults: vec![],
///     received: None,
/// };
/// let mut image = [0; Status::SIZE];
/// status.store(&mut image)?;
/// assert_eq!(image[8], 5);
/// assert_eq!(Status::load(&image)?, status);
/// assert_eq!(Status::fields().torque.at(2).path(), "torque[2]");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Attributes
///
/// All of them are written `#[record(...)]`, several in one or in several brackets.
///
/// | on | attribute | meaning |
/// |---|---|---|
/// | struct, enum | `name = "drive.Status"` | The name in the schema; without it the type's own. Two programs share a record when names, types and places agree; Rust module paths do not count. |
/// | struct, enum | `size = 88` | A claim, checked at compile time: the image has this many bytes. |
/// | struct, enum | `align = 8` | A claim, checked at compile time: the image has this alignment. |
/// | struct, enum | `crate = "path"` | Where to find the shmrec crate, when it is not `::shmrec`. |
/// | field | `capacity = 32` | The most bytes of a `String`, the most elements of a `Vec<T>` or `Box<[T]>`, also inside arrays, options and tuples. A number, a constant, or a calculation with them. |
/// | field | `capacity = (8, 32)` | The same where several parts grow, in the order in which they are written: eight strings of 32 bytes for a `Vec<String>`. |
/// | field | `rename = "mode"` | The name in the schema; without it the field's own. |
/// | field | `offset = 36` | A claim, checked at compile time: the field begins here. |
/// | field | `as = "u64"` | The field is stored as another type, to which it converts by `From` or `TryFrom`, and back. |
/// | field | `with = "Bytes"` | The field is stored as `FieldWith` of this type says. |
/// | field | `default`, `default = 7` | The field's value where a segment lacks it (a compatible link): its type's `Default`, or any expression. |
/// | field | `skip` | The field is not transferred. A record read afresh has the type's `Default` there, or what `default = …` says; one read into keeps what it has. |
/// | variant | `rename = "moving"` | The name in the schema; without it the variant's own. |
///
/// Names have 1 to 255 bytes, without blanks, double quotes, backslashes and control characters; those of fields and
/// variants without `.`, `[` and `]` as well.
///
/// # Fields
///
/// Every type that implements `SharedField` (or, with a capacity, that `Capacity` encodes) can be a field. What means
/// nothing in another process, such as references, `usize` or `Mutex`, is refused with a word on what to use instead.
/// Some of those are recognised by their name alone; a type of your own that is called `Instant` or `PathBuf` can be
/// written `self::Instant`.
///
/// A type parameter gets the bounds that its fields need: `T: SharedField` for a field of type `T`.
///
/// # Enums
///
/// The image is a tag, and behind it the fields of the variant that the tag names, each variant laid out as a struct that
/// begins with the tag. The tag is what `#[repr(u8)]` (or `u16` to `u64`, `i8` to `i64`) says; without a `repr` it is the
/// smallest unsigned integer for as many variants, numbered from 0.
///
/// ```
/// use shmrec::{SharedField, SharedRecord};
///
/// #[derive(SharedRecord, Clone, Debug, PartialEq)]
/// enum Alarm {
///     None,
///     Leak { litres: f32 },
///     Note(#[record(capacity = 6)] String),
/// }
///
/// #[derive(SharedRecord, Clone, Debug, PartialEq)]
/// struct Tank { level: f32, alarms: [Alarm; 2] }
///
/// let mut image = [0; Tank::SIZE];
/// Tank { level: 0.5, alarms: [Alarm::Leak { litres: 2.0 }, Alarm::None] }.store(&mut image)?;
/// assert_eq!(image[4..12], [1, 0, 0, 0, 0, 0, 0, 0x40]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[proc_macro_derive(SharedRecord, attributes(record))]
pub fn shared_record(input: TokenStream) -> TokenStream {
    match syn::parse(input).and_then(receiver::written_out) {
        Ok(input) => derive(&input).into(),
        Err(error) => errors::plainly(error).into_compile_error().into(),
    }
}

fn derive(input: &DeriveInput) -> proc_macro2::TokenStream {
    let mut errors = Errors::default();
    let model = ast::parse(input, &mut errors);
    if let Some(model) = &model {
        valid::check(model, &mut errors);
    }
    match (model, errors.into_compile_errors()) {
        (Some(model), None) => expand::expand(&model),
        (_, errors) => {
            let stand_ins = fallback::expand(input);
            quote::quote!(#errors #stand_ins)
        }
    }
}

#[cfg(test)]
mod tests {
    use quote::quote;
    use syn::parse_quote;

    use super::derive;

    fn expanded(input: &syn::DeriveInput) -> String {
        derive(input).to_string()
    }

    #[test]
    fn shmrec_is_named_through_the_given_path_only() {
        let record = parse_quote! {
            #[record(crate = "elsewhere", size = 8, align = 4)]
            struct Pair<T: Copy> {
                #[record(offset = 0)]
                left: T,
                #[record(capacity = (2, N))]
                right: Vec<String>,
                #[record(skip)]
                neither: T,
            }
        };
        let of = parse_quote! {
            #[record(crate = elsewhere, size = 8, align = 4)]
            #[repr(i64)]
            enum Side { Left, Right = 7 }
        };
        let flawed = parse_quote! {
            #[record(crate = "elsewhere")]
            struct Wrong { pointer: usize }
        };
        for input in [record, of, flawed] {
            let code = expanded(&input);
            assert!(code.contains("elsewhere ::"), "{code}");
            assert!(!code.contains("shmrec"), "{code}");
        }
    }

    #[test]
    fn no_lint_is_switched_off() {
        // `#[allow(unsafe_code)]` would be an error in a crate that forbids unsafe code.
        let code = expanded(&parse_quote!(
            struct Pair(u8, #[record(skip)] u16);
        ));
        assert!(code.contains("unsafe") && !code.contains("allow"), "{code}");
        let code = expanded(&parse_quote!(
            struct Wrong(usize);
        ));
        assert!(code.contains("compile_error") && !code.contains("allow"), "{code}");
    }

    #[test]
    fn every_path_is_absolute() {
        let code = expanded(&parse_quote! {
            struct Pair<T, const N: usize> {
                left: [T; N],
                #[record(capacity = 8)]
                right: Vec<T>,
            }
        });
        // The words that the standard prelude would explain, and the crates that a module could stand before.
        for word in ["Option", "Some", "None", "Result", "Ok", "Err", "Default", "Clone", "Copy", "u8", "core"] {
            for (at, _) in code.match_indices(&format!(" {word} ")) {
                let before = code[..at].trim_end();
                assert!(
                    before.ends_with("::"),
                    "a bare `{word}` behind `{}`",
                    &before[before.len().saturating_sub(60)..]
                );
            }
        }
    }

    #[test]
    fn self_is_written_out() {
        let input: syn::DeriveInput = parse_quote! {
            struct Ring<T: Copy, const N: usize> where Self: Sized {
                bytes: [u8; { Self::LEN }],
                next: Option<Self>,
            }
        };
        // Where two `>` meet, they may be one token or two.
        let words = |tokens: proc_macro2::TokenStream| tokens.to_string().replace(' ', "");
        let written = super::receiver::written_out(input).map(|input| words(quote!(#input)));
        let expected = quote! {
            struct Ring<T: Copy, const N: usize> where Ring<T, N>: Sized {
                bytes: [u8; { <Ring<T, N>>::LEN }],
                next: Option<Ring<T, N>>,
            }
        };
        assert_eq!(written.ok(), Some(words(expected)));
    }
}
