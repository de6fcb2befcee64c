//! The derive macro of shmrec.

use proc_macro::TokenStream;

/// Derives `SharedRecord`.
#[proc_macro_derive(SharedRecord, attributes(record))]
pub fn shared_record(_input: TokenStream) -> TokenStream {
    TokenStream::new()
}
