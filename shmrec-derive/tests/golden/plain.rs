/// Where the robot is.
#[derive(SharedRecord)]
pub struct Pose {
    /// In metres.
    pub x: f64,
    pub y: f64,
    valid: bool,
}
