use shmrec::{LoadError, SharedField, SharedRecord, StoreError, TypeDesc};

struct Price(f64);

impl SharedField for Price {
    const SIZE: usize = f64::SIZE;
    const ALIGN: usize = f64::ALIGN;
    const TYPE: TypeDesc = f32::TYPE;

    fn store(&self, image: &mut [u8]) -> Result<(), StoreError> {
        self.0.store(image)
    }

    fn load(image: &[u8]) -> Result<Self, LoadError> {
        f64::load(image).map(Self)
    }
}

#[derive(SharedRecord)]
struct Wrong {
    price: Price,
}

fn main() {}
