//! Puts other things under a segment's name.

use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::PathBuf;

use shmrec_tests::directory::TestDir;
use shmrec_tests::random::Random;
use shmrec_tests::records::Counter;

use crate::driver::NAME;

/// What stands in a file that is not shmrec's, and must stand there for ever.
const FOREIGN: &[u8] = b"somebody's thesis";

/// One who takes the name again and again.
pub(crate) struct Squatter {
    path: PathBuf,
    /// Where links lead.
    target: PathBuf,
    spare: PathBuf,
    /// What was a segment.
    segment: Vec<u8>,
}

impl Squatter {
    pub(crate) fn new(dir: &TestDir) -> Self {
        let this = Self {
            path: dir.file(NAME),
            target: dir.path().join("thesis"),
            spare: dir.path().join("spare"),
            segment: {
                let segment = dir.options().create_with(NAME, &Counter::new(1)).expect("a segment");
                std::fs::read(segment.path()).expect("the segment")
            },
        };
        std::fs::write(&this.target, FOREIGN).expect("a file");
        this
    }

    /// Puts something under the name, whatever is there.
    pub(crate) fn squat(&mut self, random: &mut Random) {
        let Self { path, target, spare, segment } = self;
        let _ = std::fs::remove_dir(&*spare);
        let _ = std::fs::remove_file(&*spare);
        let made = match random.below(9) {
            0 => std::os::unix::fs::symlink(&*target, &*spare),
            1 => std::os::unix::fs::symlink("/dev/zero", &*spare),
            2 => std::fs::create_dir(&*spare),
            3 => rustix::fs::mknodat(rustix::fs::CWD, &*spare, rustix::fs::FileType::Fifo, rustix::fs::Mode::RWXU, 0)
                .map_err(Into::into),
            4 => std::os::unix::net::UnixListener::bind(&*spare).map(drop),
            // A foreign file, by a second name of it.
            5 => std::fs::hard_link(&*target, &*spare),
            6 => std::fs::write(&*spare, []),
            // A segment that somebody has made by himself, whole, cut or spoilt.
            7 => std::fs::write(&*spare, &segment[..random.below(segment.len() as u64 + 1) as usize]),
            _ => std::fs::write(&*spare, &*segment).and_then(|()| {
                let file = std::fs::File::options().write(true).open(&*spare)?;
                file.write_all_at(&random.bytes(8), random.below(512))?;
                file.set_permissions(std::fs::Permissions::from_mode(0o600 | random.below(64) as u32))
            }),
        };
        made.expect("something to squat with");
        match random.below(3) {
            // Over what is there, if it may be; or first of all away with it.
            0 => drop(std::fs::rename(&*spare, &*path)),
            _ => {
                let _ = std::fs::remove_dir(&*path);
                let _ = std::fs::remove_file(&*path);
                let _ = std::fs::rename(&*spare, &*path);
            }
        }
    }

    /// Nobody has touched what is not shmrec's.
    pub(crate) fn check_what_is_not_ours(&self) {
        assert_eq!(std::fs::read(&self.target).expect("the file"), FOREIGN, "a foreign file was changed");
    }
}
