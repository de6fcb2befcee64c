#[derive(SharedRecord)]
#[record(name = "shop.Order", size = 48, align = 8, crate = "vendor::shmrec")]
struct Order {
    #[record(with = "Bytes", offset = 0)]
    id: Uuid,
    #[record(as = "Option<u64>", rename = "count")]
    number: Option<usize>,
    #[record(default = Currency::EURO)]
    currency: Currency,
    #[record(skip, default = Instant::now())]
    read: Instant,
}
