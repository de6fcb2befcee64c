//! What `docs/records.md` says of bytes, and whether its programs in other languages read them.

use std::process::Command;
use std::time::{Duration, SystemTime};

use shmrec::schema::Schema;
use shmrec::{SharedField, SharedRecord};

const DOC: &str = include_str!("../../docs/records.md");

#[derive(SharedRecord, Clone, Debug, PartialEq)]
struct Client {
    id: u32,
    active: bool,
    #[record(capacity = 5)]
    name: String,
    tier: Tier,
    last: Option<u16>,
    shape: Shape,
    pair: (u8, i16),
    seen: SystemTime,
}

#[derive(SharedRecord, Clone, Debug, PartialEq)]
#[repr(u8)]
#[allow(dead_code)]
enum Tier {
    Basic = 1,
    Gold = 2,
}

#[derive(SharedRecord, Clone, Debug, PartialEq)]
#[allow(dead_code)]
enum Shape {
    Point,
    Circle { radius: f32 },
}

fn image() -> Vec<u8> {
    let client = Client {
        id: 7,
        active: true,
        name: "Åse".into(),
        tier: Tier::Gold,
        last: Some(513),
        shape: Shape::Circle { radius: 1.5 },
        pair: (9, -2),
        seen: SystemTime::UNIX_EPOCH - Duration::from_millis(1500),
    };
    let mut image = vec![0; Client::SIZE];
    client.store(&mut image).expect("it fits");
    image
}

/// The contents of the blocks in this language.
fn blocks(language: &str) -> impl Iterator<Item = &'static str> {
    let fence = format!("```{language}\n");
    DOC.match_indices("```").filter_map(move |(at, _)| DOC[at..].strip_prefix(&fence)?.split_once("```").map(|b| b.0))
}

#[test]
fn the_bytes_are_those_of_the_page() {
    let dump = blocks("text").find(|block| block.starts_with(" 0  ")).expect("the bytes");
    let mut bytes = Vec::new();
    for line in dump.lines() {
        let mut words = line.split_whitespace();
        let offset: usize = words.next().expect("an offset").parse().expect("a number");
        assert_eq!(offset, bytes.len(), "{line}");
        let hex = words.take_while(|word| word.len() == 2 && word.bytes().all(|b| b.is_ascii_hexdigit()));
        bytes.extend(hex.map(|word| u8::from_str_radix(word, 16).expect("a byte")));
    }
    assert_eq!(bytes, image());
    assert_eq!((Client::SIZE, Client::ALIGN), (56, 8));
}

#[test]
fn the_schema_is_that_of_the_page() {
    let schema = blocks("text").find(|block| block.starts_with("{\"record\"")).expect("the schema");
    let line: String = schema.lines().map(str::trim_start).collect();
    assert_eq!(line, Schema::of::<Client>().canonical());
}

#[test]
fn the_declaration_is_that_of_the_page() {
    let declaration = blocks("c").find(|block| block.starts_with("typedef")).expect("the declaration");
    let header = Schema::of::<Client>().to_c();
    assert!(header.contains(declaration), "{header}");
    assert!(header.contains("#define Client_Shape_Circle ") && header.contains("#define Client_FINGERPRINT "));
}

#[test]
fn python_reads_what_the_page_says() {
    let works = Command::new("python3").arg("--version").output().is_ok_and(|output| output.status.success());
    if !works {
        eprintln!("skipped: there is no python3");
        return;
    }
    let path = std::env::temp_dir().join(format!("shmrec-records-{}", std::process::id()));
    std::fs::write(&path, image()).expect("a file for the test");
    let outputs: Vec<String> = blocks("python")
        .map(|program| {
            let output = Command::new("python3").args(["-X", "utf8", "-c", program]).arg(&path).output();
            let output = output.expect("python starts");
            assert!(output.status.success(), "{program}\n{}", String::from_utf8_lossy(&output.stderr));
            String::from_utf8(output.stdout).expect("UTF-8").replace("\r\n", "\n")
        })
        .collect();
    std::fs::remove_file(&path).expect("the test's own file");
    assert_eq!(outputs, ["7 1 Åse 2 513\n('Circle', 1.5) (9, -2) -1.5\n", "7 1 Åse 2 513\n1.5 -2 -2\n",]);
}
