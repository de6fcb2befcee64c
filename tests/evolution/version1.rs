//! The record as it was.

use shmrec::SharedRecord;

#[derive(SharedRecord, Clone, Debug)]
pub struct Drive {
    pub serial: u32,
    pub speed: f64,
    pub fault: Option<u16>,
    #[record(capacity = 8)]
    pub operator: String,
    pub axes: [Axis; 2],
}

#[derive(SharedRecord, Clone, Debug)]
pub struct Axis {
    pub position: f32,
    pub torque: f32,
}

pub fn first() -> Drive {
    Drive {
        serial: 1,
        speed: 1.5,
        fault: Some(9),
        operator: "ann".into(),
        axes: [Axis { position: 1.0, torque: 10.0 }, Axis { position: 2.0, torque: 20.0 }],
    }
}

/// Sets what only this version has.
pub fn mark(drive: &mut Drive) {
    drive.fault = Some(100);
    drive.axes[1].torque = 100.0;
}
