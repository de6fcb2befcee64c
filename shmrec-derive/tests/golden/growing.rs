#[derive(SharedRecord)]
struct Client {
    id: u32,
    #[record(capacity = 32)]
    name: String,
    #[record(capacity = (8, TAG))]
    tags: Vec<String>,
    history: [f64; 16],
}
