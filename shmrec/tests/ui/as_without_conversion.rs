use shmrec::SharedRecord;

#[derive(Clone)]
struct Level(u8);

#[derive(Clone)]
struct OneWay(u8);

impl From<OneWay> for u8 {
    fn from(one_way: OneWay) -> Self {
        one_way.0
    }
}

#[derive(SharedRecord)]
struct Wrong {
    #[record(as = "u8")]
    neither: Level,
    #[record(as = "u8")]
    one: OneWay,
}

fn main() {}
