//! The record as it was.

use shmrec::SharedRecord;

#[derive(SharedRecord, Clone, Debug)]
pub(crate) struct Drive {
    pub(crate) serial: u32,
    pub(crate) speed: f64,
    #[record(default = Some(404))]
    pub(crate) fault: Option<u16>,
    #[record(capacity = 8)]
    pub(crate) operator: String,
    pub(crate) axes: [Axis; 2],
}

#[derive(SharedRecord, Clone, Debug)]
pub(crate) struct Axis {
    pub(crate) position: f32,
    #[record(default = 0.5)]
    pub(crate) torque: f32,
}

pub(crate) fn first() -> Drive {
    Drive {
        serial: 1,
        speed: 1.5,
        fault: Some(9),
        operator: "ann".into(),
        axes: [Axis { position: 1.0, torque: 10.0 }, Axis { position: 2.0, torque: 20.0 }],
    }
}

/// Sets what only this version has.
pub(crate) fn mark(drive: &mut Drive) {
    drive.fault = Some(100);
    drive.axes[1].torque = 100.0;
}
