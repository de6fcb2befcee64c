#![allow(missing_docs)]
use shmrec::{Reader, Segment, SharedRecord};
#[derive(SharedRecord, Clone)]
#[repr(C)]
pub struct Block<const N: usize> { words: [u64; N] }
#[inline(never)] pub fn probe_read_8(r: &Reader<Block<1>>) -> u64 { r.read().unwrap().words[0] }
#[inline(never)] pub fn probe_bytes_8(r: &Reader<Block<1>>, b: &mut [u8; 8]) { r.read_bytes(0, b).unwrap(); }
#[inline(never)] pub fn probe_write_8(r: &Segment<Block<1>>, b: &Block<1>) { r.write(b).unwrap(); }
#[inline(never)] pub fn probe_get(r: &Reader<Block<512>>) -> u64 { r.get(Block::<512>::fields().words.at(3)).unwrap() }
#[inline(never)] pub fn probe_read_256(r: &Reader<Block<32>>, out: &mut [u64; 32]) { *out = r.read().unwrap().words }
#[inline(never)] pub fn probe_bytes_256(r: &Reader<Block<32>>, out: &mut [u8; 256]) { r.read_bytes(0, out).unwrap(); }
#[inline(never)] pub fn probe_update(s: &Segment<Block<1>>) { s.update(|b| b.words[0] += 1).unwrap() }
fn main() {
    let s = Segment::create_with("probe", &Block { words: [1] }).unwrap();
    let r = Reader::link("probe").unwrap();
    let mut b = [0; 8]; probe_update(&s);
    for _ in 0..1000 { probe_bytes_8(&r, &mut b); probe_read_8(&r); probe_write_8(&s, &Block{words:[2]}); }
    let s5 = Segment::create_with("probe5", &Block { words: [1; 512] }).unwrap();
    probe_get(&s5); let s6 = Segment::create_with("probe6", &Block { words: [1; 32] }).unwrap(); probe_read_256(&s6, &mut [0; 32]); probe_bytes_256(&s6, &mut [0; 256]);
}
