use shmrec::SharedRecord;

#[derive(SharedRecord)]
#[repr(u8)]
enum Wrong {
    Nothing,
    Number(u32),
    Point { x: f32, y: f32 },
}

fn main() {}
