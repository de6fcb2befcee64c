//! Whole expansions of typical records, stored beside them: what a change of the derive does to the code in programs is
//! seen in its review.
//!
//! `GOLDEN=overwrite cargo test -p shmrec-derive golden` stores what the derive makes now, to be read and committed.

use std::path::Path;

use crate::{derive, receiver};

fn expansion(source: &str) -> String {
    let input = syn::parse_str(source).and_then(receiver::written_out).expect("a struct or an enum");
    let code = derive(&input).to_string();
    let file = syn2::parse_file(&code).unwrap_or_else(|error| panic!("{error} in {code}"));
    prettyplease::unparse(&file)
}

#[test]
fn typical_records_expand_as_stored() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let overwrite = std::env::var_os("GOLDEN").is_some_and(|wish| wish == "overwrite");
    let mut seen = 0;
    for entry in std::fs::read_dir(&directory).expect("the stored files") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let Some(name) = name.strip_suffix(".rs").filter(|name| !name.ends_with(".expanded")) else { continue };
        seen += 1;
        let expanded = expansion(&std::fs::read_to_string(&path).expect("a source file"));
        let stored = directory.join(format!("{name}.expanded.rs"));
        if overwrite {
            std::fs::write(&stored, expanded).expect("the stored file can be written");
            continue;
        }
        let expected = std::fs::read_to_string(&stored).unwrap_or_default();
        // The first line says more than two whole files.
        let differs = expanded.lines().zip(expected.lines()).position(|(now, then)| now != then);
        assert!(
            expanded == expected,
            "the expansion of {name}.rs is not as stored, from line {:?} on (GOLDEN=overwrite stores it):\n{expanded}",
            differs.map(|line| line + 1)
        );
    }
    assert!(seen >= 6, "{seen} records are tried");
}
