use shmrec::{LoadError, SharedField, SharedRecord, StoreError, TypeDesc};

struct Aligned;

impl SharedField for Aligned {
    const SIZE: usize = 3;
    const ALIGN: usize = 3;
    const TYPE: TypeDesc = TypeDesc::U8;

    fn store(&self, _: &mut [u8]) -> Result<(), StoreError> {
        Ok(())
    }

    fn load(_: &[u8]) -> Result<Self, LoadError> {
        Ok(Self)
    }
}

struct Sized;

impl SharedField for Sized {
    const SIZE: usize = 6;
    const ALIGN: usize = 4;
    const TYPE: TypeDesc = TypeDesc::U8;

    fn store(&self, _: &mut [u8]) -> Result<(), StoreError> {
        Ok(())
    }

    fn load(_: &[u8]) -> Result<Self, LoadError> {
        Ok(Self)
    }
}

#[derive(SharedRecord)]
struct Wrong {
    a: u8,
    b: Aligned,
}

#[derive(SharedRecord)]
struct AlsoWrong {
    a: u8,
    b: Sized,
}

fn main() {}
