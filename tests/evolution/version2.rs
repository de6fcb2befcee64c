//! The record as it became: fields moved, some are gone, some are new.

use std::time::Duration;

use shmrec::SharedRecord;

#[derive(SharedRecord, Clone, Debug)]
pub(crate) struct Drive {
    #[record(default = Mode::Automatic)]
    pub(crate) mode: Mode,
    #[record(capacity = 8)]
    pub(crate) operator: String,
    pub(crate) speed: f64,
    pub(crate) axes: [Axis; 2],
    pub(crate) serial: u32,
    #[record(default = Duration::from_secs(30))]
    pub(crate) timeout: Duration,
    #[record(default, capacity = 2)]
    pub(crate) notes: Vec<u8>,
}

#[derive(SharedRecord, Clone, Copy, Debug)]
pub(crate) enum Mode {
    Manual,
    Automatic,
}

#[derive(SharedRecord, Clone, Debug)]
pub(crate) struct Axis {
    #[record(default = true)]
    pub(crate) enabled: bool,
    pub(crate) position: f32,
}

pub(crate) fn first() -> Drive {
    Drive {
        mode: Mode::Manual,
        operator: "bob".into(),
        speed: 2.5,
        axes: [Axis { enabled: false, position: 3.0 }, Axis { enabled: false, position: 4.0 }],
        serial: 2,
        timeout: Duration::from_millis(1),
        notes: vec![7],
    }
}

/// Sets what only this version has.
pub(crate) fn mark(drive: &mut Drive) {
    drive.mode = Mode::Manual;
    drive.axes[1].enabled = false;
    drive.notes = vec![1, 2];
}
