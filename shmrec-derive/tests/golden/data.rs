#[derive(SharedRecord)]
enum Event {
    Nothing,
    Moved { x: f32, y: f32 },
    Said(#[record(capacity = 20)] String, #[record(skip)] Instant),
}
