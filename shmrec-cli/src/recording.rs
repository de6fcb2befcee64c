//! The file of `record` and `replay`: a schema, and images of its record with their versions and times.
//!
//! All numbers are little-endian. `docs/command.md` says the same for readers in other languages.
//!
//! ```text
//! 8 bytes   shmrecR\n
//! u32       format: 1
//! u32       bytes of the schema
//!           the schema, as it stands in a segment
//! u64       when the recording began, nanoseconds since 1970-01-01 UTC
//! then, for each version:
//! u64       the version
//! u64       when it was seen, nanoseconds since the recording began
//!           the record's image
//! u64       the version again: what lacks it was cut off
//! ```

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::Path;
use std::time::{Duration, SystemTime};

use shmrec::schema::Schema;

use crate::failed::{Code, Failed, Outcome};

const MAGIC: [u8; 8] = *b"shmrecR\n";
const FORMAT: u32 = 1;
/// As of a segment.
const LONGEST_SCHEMA: u32 = 1 << 20;

/// A recording that is being written.
#[derive(Debug)]
pub(crate) struct Writer<W: Write = File> {
    file: BufWriter<W>,
    pub(crate) bytes: u64,
}

impl Writer {
    /// A new file; over one that exists only if `force` says so.
    pub(crate) fn create(path: &Path, force: bool, schema: &Schema, begun: SystemTime) -> Outcome<Self> {
        let mut options = File::options();
        let options = options.write(true).create(force).create_new(!force).truncate(force);
        let file = options.open(path).map_err(|error| {
            let failed = not_opened(path, &error);
            if error.kind() == io::ErrorKind::AlreadyExists { failed.hint("--force writes over it") } else { failed }
        })?;
        Self::new(file, schema, begun).map_err(|error| not_written(path, &error))
    }
}

impl<W: Write> Writer<W> {
    fn new(file: W, schema: &Schema, begun: SystemTime) -> io::Result<Self> {
        let mut this = Self { file: BufWriter::with_capacity(1 << 16, file), bytes: 0 };
        let schema = schema.to_json();
        let begun = begun.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        this.put(&MAGIC)?;
        this.put(&FORMAT.to_le_bytes())?;
        this.put(&(schema.len() as u32).to_le_bytes())?;
        this.put(schema.as_bytes())?;
        this.put(&nanos(begun).to_le_bytes())?;
        Ok(this)
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.bytes += bytes.len() as u64;
        self.file.write_all(bytes)
    }

    /// One version, seen `after` the beginning.
    pub(crate) fn write(&mut self, version: u64, after: Duration, image: &[u8]) -> io::Result<()> {
        self.put(&version.to_le_bytes())?;
        self.put(&nanos(after).to_le_bytes())?;
        self.put(image)?;
        self.put(&version.to_le_bytes())
    }

    /// Gives the file what it has been told so far.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }

    pub(crate) fn finish(mut self) -> io::Result<u64> {
        self.flush()?;
        Ok(self.bytes)
    }
}

fn nanos(span: Duration) -> u64 {
    u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)
}

pub(crate) fn not_written(path: &Path, error: &io::Error) -> Failed {
    Failed::new(Code::Failed, format!("{}: {error}", path.display()))
}

fn not_opened(path: &Path, error: &io::Error) -> Failed {
    let code = match error.kind() {
        io::ErrorKind::NotFound => Code::NotFound,
        io::ErrorKind::PermissionDenied => Code::Permission,
        _ => Code::Failed,
    };
    Failed::new(code, format!("{}: {error}", path.display()))
}

/// A recording that is being read.
#[derive(Debug)]
pub(crate) struct Reader<R: Read = File> {
    file: BufReader<R>,
    pub(crate) schema: Schema,
    pub(crate) len: u64,
    pub(crate) read: u64,
}

/// One version of a recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) version: u64,
    pub(crate) after: Duration,
    pub(crate) image: Vec<u8>,
}

impl Reader {
    pub(crate) fn open(path: &Path) -> Outcome<Self> {
        let file = File::open(path).map_err(|error| not_opened(path, &error))?;
        let len = file.metadata().map_err(|error| not_opened(path, &error))?.len();
        Self::new(file, len).map_err(|why| Failed::new(Code::Failed, format!("{}: {why}", path.display())))
    }
}

impl<R: Read> Reader<R> {
    fn new(file: R, len: u64) -> Result<Self, String> {
        let mut file = BufReader::with_capacity(1 << 16, file);
        let short = |_| "this is no recording: it is too short".to_owned();
        if take::<8>(&mut file).map_err(short)? != MAGIC {
            return Err("this is no recording of `shmrec record`".to_owned());
        }
        match u32::from_le_bytes(take(&mut file).map_err(short)?) {
            FORMAT => {}
            format => return Err(format!("the recording has format {format}, and this program reads format {FORMAT}")),
        }
        let schema_len = u32::from_le_bytes(take(&mut file).map_err(short)?);
        if schema_len > LONGEST_SCHEMA {
            return Err(format!("the recording is damaged: its schema would have {schema_len} bytes"));
        }
        let mut schema = vec![0; schema_len as usize];
        file.read_exact(&mut schema).map_err(short)?;
        let schema =
            String::from_utf8(schema).map_err(|_| "the recording is damaged: its schema is no text".to_owned())?;
        let schema =
            Schema::parse(&schema).map_err(|error| format!("the recording is damaged: its schema: {error}"))?;
        take::<8>(&mut file).map_err(short)?;
        Ok(Self { file, schema, len, read: 16 + u64::from(schema_len) + 8 })
    }

    /// The next version; `None` at the end.
    ///
    /// # Errors
    ///
    /// When what follows is no whole version.
    pub(crate) fn next(&mut self) -> Result<Option<Frame>, String> {
        if self.file.fill_buf_is_empty().map_err(|error| error.to_string())? {
            return Ok(None);
        }
        let cut = |error: io::Error| match error.kind() {
            io::ErrorKind::UnexpectedEof => "its last version was cut off".to_owned(),
            _ => error.to_string(),
        };
        let version = u64::from_le_bytes(take(&mut self.file).map_err(cut)?);
        let after = Duration::from_nanos(u64::from_le_bytes(take(&mut self.file).map_err(cut)?));
        let mut image = vec![0; self.schema.record().size];
        self.file.read_exact(&mut image).map_err(cut)?;
        if u64::from_le_bytes(take(&mut self.file).map_err(cut)?) != version {
            return Err(format!("it is damaged behind version {version}"));
        }
        self.read += 24 + image.len() as u64;
        Ok(Some(Frame { version, after, image }))
    }
}

fn take<const N: usize>(file: &mut impl Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    file.read_exact(&mut bytes)?;
    Ok(bytes)
}

trait AtEnd {
    fn fill_buf_is_empty(&mut self) -> io::Result<bool>;
}

impl<R: Read> AtEnd for BufReader<R> {
    fn fill_buf_is_empty(&mut self) -> io::Result<bool> {
        use io::BufRead;
        Ok(self.fill_buf()?.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shmrec::SharedRecord;

    #[derive(SharedRecord)]
    #[allow(dead_code, reason = "only its schema is looked at")]
    struct Count {
        n: u32,
    }

    fn recording() -> Vec<u8> {
        let mut file = Vec::new();
        let mut writer = Writer::new(&mut file, &Schema::of::<Count>(), SystemTime::UNIX_EPOCH).unwrap();
        for version in [3, 5] {
            writer.write(version, Duration::from_millis(version), &[version as u8; 4]).unwrap();
        }
        let bytes = writer.finish().unwrap();
        assert_eq!(bytes, file.len() as u64);
        file
    }

    #[test]
    fn what_is_recorded_is_read_back() {
        let file = recording();
        let mut reader = Reader::new(&file[..], file.len() as u64).unwrap();
        assert_eq!(reader.schema, Schema::of::<Count>());
        for version in [3, 5] {
            let expected = Frame { version, after: Duration::from_millis(version), image: vec![version as u8; 4] };
            assert_eq!(reader.next(), Ok(Some(expected)));
        }
        assert_eq!(reader.next(), Ok(None));
        assert_eq!(reader.read, reader.len);
    }

    #[test]
    fn a_recording_cut_off_anywhere_gives_its_whole_versions_and_says_so() {
        let file = recording();
        let frame = 8 + 8 + 4 + 8;
        let head = file.len() - 2 * frame;
        for len in 0..file.len() {
            let Ok(mut reader) = Reader::new(&file[..len], len as u64) else {
                assert!(len < head, "{len}");
                continue;
            };
            let whole = (len - head) / frame;
            for _ in 0..whole {
                assert!(reader.next().unwrap().is_some());
            }
            let rest = reader.next();
            assert_eq!(rest.is_err(), !(len - head).is_multiple_of(frame), "{len}: {rest:?}");
        }
    }

    #[test]
    fn what_is_no_recording_is_refused() {
        let file = recording();
        for at in 0..16 {
            let mut spoilt = file.clone();
            spoilt[at] ^= 0x80;
            let outcome = Reader::new(&spoilt[..], 0).map(|_| ());
            assert!(outcome.is_err(), "byte {at}");
        }
    }
}
