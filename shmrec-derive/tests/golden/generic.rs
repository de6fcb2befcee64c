#[derive(SharedRecord)]
struct Ring<T, const N: usize>
where
    T: Copy,
{
    items: [T; N],
    #[record(capacity = N)]
    recent: Vec<T>,
    #[record(skip)]
    kind: PhantomData<T>,
}
