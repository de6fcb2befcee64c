//! smoke
use shmrec::{SharedField, SharedRecord};
#[derive(SharedRecord, Clone, Copy, Debug, PartialEq)]
#[repr(u8)]
enum Tier { A = 3, B, C = 9 }
#[derive(SharedRecord, Clone, Debug, PartialEq)]
struct Pair<T, const N: usize>(T, [u8; N], #[record(skip)] String, Tier);
#[derive(SharedRecord, Clone, Debug, PartialEq)]
struct Pose { x: f32, y: f32, #[record(capacity = 12)] frame: String, #[record(capacity=(3,7))] l: Vec<String>, p: Pair<u16, 3>, s: [u8; Self::N] }
impl Pose { const N: usize = 3; }
#[test]
fn smoke() {
    let p = Pose { x: 1.0, y: 2.0, frame: "abc".into(), l: vec!["x".into(), "y".into()], p: Pair(1, [1, 2, 3], String::new(), Tier::C), s: [7; 3] };
    let mut image = vec![0; Pose::SIZE];
    p.store(&mut image).unwrap();
    assert_eq!(Pose::load(&image).unwrap(), p);
    println!("{:?}", Pose::fields());
    println!("{:?}", Pose::RECORD);
    let o = Pose::fields().p.then(Pair::fields().3);
    assert_eq!(o.path(), "p.3");
    image[o.offset()] = 77;
    println!("{}", Pose::load(&image).unwrap_err());
    let mut b = Box::<Pose>::new_uninit();
    image[o.offset()] = 4;
    assert_eq!(Pose::load_at(&image, &mut b).unwrap().p.3, Tier::B);
}
