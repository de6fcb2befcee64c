//! The records that are measured: as many words as wanted, and the same through an image.

use iceoryx2::prelude::ZeroCopySend;
use shmrec::SharedRecord;

/// `N` words. Its memory is its image.
#[derive(
    SharedRecord, ZeroCopySend, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize, Clone, Copy, Debug, PartialEq,
)]
#[archive(check_bytes)]
#[repr(C)]
pub struct Block<const N: usize> {
    pub words: [u64; N],
}

impl<const N: usize> Block<N> {
    pub const BYTES: usize = 8 * N;

    /// All words are `word`: a record that is not whole shows.
    pub fn filled(word: u64) -> Box<Self> {
        let mut block = Box::<Self>::new_uninit();
        // SAFETY: inside the block, which is ours.
        #[allow(unsafe_code)]
        let words: *mut u64 = unsafe { (&raw mut (*block.as_mut_ptr()).words).cast() };
        for i in 0..N {
            // SAFETY: one of the N words.
            #[allow(unsafe_code)]
            unsafe {
                words.add(i).write(word);
            }
        }
        // SAFETY: all words were written.
        #[allow(unsafe_code)]
        unsafe {
            block.assume_init()
        }
    }

    /// Whether all words are one version's, judged by the ends and the middle.
    pub fn is_whole(&self) -> bool {
        self.words[0] == self.words[N - 1] && self.words[0] == self.words[N / 2]
    }
}

/// The same words, which travel through an image because a field is skipped.
#[derive(SharedRecord, Clone, Debug)]
#[record(name = "Block")]
pub struct Imaged<const N: usize> {
    pub words: [u64; N],
    #[record(skip)]
    pub not_transferred: u8,
}

/// A record as applications have them, with strings, an enum and an option: about 256 bytes.
#[derive(SharedRecord, Clone, Debug, PartialEq)]
pub struct Client {
    pub id: u32,
    pub balance: i64,
    pub active: bool,
    pub tier: Tier,
    #[record(capacity = 32)]
    pub name: String,
    #[record(capacity = 8)]
    pub tags: Vec<u16>,
    pub history: [f64; 16],
    pub last_seen: Option<u64>,
}

#[derive(SharedRecord, Clone, Copy, Debug, PartialEq)]
#[repr(u8)]
pub enum Tier {
    Bronze,
    Silver,
    Gold,
}

impl Client {
    pub fn example() -> Self {
        Self {
            id: 7,
            balance: 250,
            active: true,
            tier: Tier::Silver,
            name: "Ada Lovelace".into(),
            tags: vec![1, 2, 3],
            history: [0.5; 16],
            last_seen: Some(1),
        }
    }
}

/// A size as it is written in tables.
pub fn bytes(bytes: usize) -> String {
    match bytes {
        0..1024 => format!("{bytes} B"),
        1024..1_048_576 => format!("{} KiB", bytes / 1024),
        _ => format!("{} MiB", bytes / 1_048_576),
    }
}
