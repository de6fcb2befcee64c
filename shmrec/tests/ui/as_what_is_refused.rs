use shmrec::SharedRecord;

#[derive(SharedRecord)]
struct Wrong {
    #[record(as = "usize")]
    a: u64,
    #[record(as = "&'static str")]
    b: char,
    #[record(as = "Option<std::rc::Rc<u8>>")]
    c: u8,
    #[record(as = "()")]
    d: (),
}

fn main() {}
