use shmrec::SharedRecord;

#[derive(SharedRecord)]
struct Wrong {
    a: Box<str>,
    b: std::borrow::Cow<'static, str>,
}

fn main() {}
