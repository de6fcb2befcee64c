/// What the drive does.
#[derive(SharedRecord)]
#[repr(u8)]
enum State {
    Off,
    /// Waits.
    Ready = 4,
    #[record(rename = "moving")]
    Moving,
}
