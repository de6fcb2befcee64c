use shmrec::SharedRecord;

#[derive(SharedRecord)]
#[record(nam = "right")]
struct Wrong {
    a: usize,
    #[record(rename = "b b")]
    b: String,
    c: u32,
}

fn record<R: SharedRecord>() {}

fn right() {
    record::<Wrong>();
    let _ = (Wrong::RECORD, Wrong::FINGERPRINT, Wrong::fields().c.offset());
}

#[derive(SharedRecord)]
struct Outer {
    inner: [Wrong; 2],
}

fn main() {}
