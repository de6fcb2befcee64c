//! What both programs do: told line by line on one segment, they answer by the whole record.

use std::io::BufRead;
use std::path::PathBuf;

use shmrec::{Segment, SegmentOptions, SharedRecord};

use crate::record::{Drive, first, mark};

pub(crate) fn run() {
    let mut arguments = std::env::args().skip(1);
    let mode = arguments.next().expect("create or link");
    let dir = PathBuf::from(arguments.next().expect("a directory"));
    let options = SegmentOptions::new().dir(dir).compatible(true);
    let segment = match mode.as_str() {
        "create" => options.create_with("drive", &first()).map_err(shmrec::Error::from),
        "empty" => options.create::<Drive>("drive").map_err(shmrec::Error::from),
        "link" => options.link::<Drive>("drive").map_err(shmrec::Error::from),
        "exact" => options.compatible(false).link::<Drive>("drive").map_err(shmrec::Error::from),
        mode => panic!("no such mode: {mode}"),
    };
    let segment = match segment {
        Ok(segment) => segment,
        Err(error) => return println!("failed {}", error.to_string().replace('\n', " | ")),
    };
    println!("ready");
    for line in std::io::stdin().lock().lines() {
        match obey(&segment, &line.expect("a line")) {
            Ok(record) => println!("{record:?}"),
            Err(error) => println!("failed {error}"),
        }
    }
}

fn obey(segment: &Segment<Drive>, line: &str) -> Result<Drive, shmrec::Error> {
    let fields = Drive::fields();
    match line {
        "read" => {}
        "write" => _ = segment.write(&first())?,
        "faster" => segment.update(|drive| drive.speed += 1.0)?,
        "rename" => _ = segment.set(fields.operator, &"cleo".to_owned())?,
        "move" => {
            let position = fields.axes.at(1).then(crate::record::Axis::fields().position);
            segment.set((position, fields.serial), &(50.0, 77))?;
        }
        "mark" => segment.update(mark)?,
        "lock" => {
            let mut guard = segment.lock()?;
            let mut drive = guard.read()?;
            drive.serial += 1;
            guard.write(&drive)?;
            guard.set(fields.speed, &0.25)?;
            guard.unlock()?;
        }
        "fields" => {
            // Field by field it is what it is as a whole.
            let whole = segment.read()?;
            let (speed, operator, serial, axes) =
                segment.get((fields.speed, fields.operator, fields.serial, fields.axes))?;
            assert_eq!((speed, &operator, serial), (whole.speed, &whole.operator, whole.serial));
            assert_eq!(format!("{axes:?}"), format!("{:?}", whole.axes));
            let mut bytes = vec![0xff; Drive::RECORD.size];
            segment.read_bytes(0, &mut bytes)?;
            let mut image = vec![0; Drive::RECORD.size];
            shmrec::SharedField::store(&whole, &mut image)?;
            assert_eq!(bytes, image);
            let mut into = first();
            segment.read_into(&mut into)?;
            assert_eq!(format!("{into:?}"), format!("{whole:?}"));
            assert_eq!(format!("{:?}", segment.read_boxed()?), format!("{whole:?}"));
            let last = segment.history()?.pop().expect("a version");
            assert_eq!(format!("{:?}", *last), format!("{whole:?}"));
        }
        line => panic!("no such line: {line}"),
    }
    Ok(segment.read()?)
}
