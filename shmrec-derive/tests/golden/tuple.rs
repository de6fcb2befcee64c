#[derive(SharedRecord)]
pub(crate) struct Sample(pub u64, #[record(skip)] Cache, f32);
