use shmrec::{Direct, LoadError, SharedField, StoreError, TypeDesc};

/// Stored another way than it lies in memory, whatever its author says.
struct Wrong(String);

impl SharedField for Wrong {
    const SIZE: usize = 24;
    const ALIGN: usize = 8;
    const TYPE: TypeDesc = TypeDesc::U64;
    const DIRECT: Direct<Self> = <[u64; 3]>::DIRECT;

    fn store(&self, _: &mut [u8]) -> Result<(), StoreError> {
        Ok(())
    }

    fn load(_: &[u8]) -> Result<Self, LoadError> {
        Ok(Wrong(String::new()))
    }
}

struct AlsoWrong(String);

impl SharedField for AlsoWrong {
    const SIZE: usize = 24;
    const ALIGN: usize = 8;
    const TYPE: TypeDesc = TypeDesc::U64;
    const DIRECT: Direct<Self> = Direct::any_bytes();

    fn store(&self, _: &mut [u8]) -> Result<(), StoreError> {
        Ok(())
    }

    fn load(_: &[u8]) -> Result<Self, LoadError> {
        Ok(AlsoWrong(String::new()))
    }
}

fn main() {}
