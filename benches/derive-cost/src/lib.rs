//! What both derives are put on: numbers, texts, sequences, options, tuples, a nested struct and an enum, a hundred fields in
//! all. The program beside this compiles it.

use std::time::Duration;

#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "shmrec", derive(shmrec::SharedRecord))]
pub struct Axis {
    pub position: f64,
    pub limit: u32,
}

#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "shmrec", derive(shmrec::SharedRecord))]
#[repr(u8)]
pub enum Mode {
    Off,
    On,
    Both,
}

#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "shmrec", derive(shmrec::SharedRecord))]
pub struct Hundred {
    pub field_00: u8,
    pub field_01: u16,
    pub field_02: u32,
    pub field_03: u64,
    pub field_04: i64,
    pub field_05: f64,
    pub field_06: bool,
    pub field_07: [f32; 4],
    pub field_08: Option<u32>,
    pub field_09: Axis,
    #[cfg_attr(feature = "shmrec", record(capacity = 32))]
    pub field_10: String,
    #[cfg_attr(feature = "shmrec", record(capacity = 8))]
    pub field_11: Vec<u16>,
    pub field_12: Mode,
    pub field_13: char,
    pub field_14: (u8, u32),
    pub field_15: i128,
    #[cfg_attr(feature = "shmrec", record(capacity = 16))]
    pub field_16: Option<String>,
    pub field_17: Duration,
    pub field_18: [Axis; 2],
    pub field_19: u32,
    pub field_20: u8,
    pub field_21: u16,
    pub field_22: u32,
    pub field_23: u64,
    pub field_24: i64,
    pub field_25: f64,
    pub field_26: bool,
    pub field_27: [f32; 4],
    pub field_28: Option<u32>,
    pub field_29: Axis,
    #[cfg_attr(feature = "shmrec", record(capacity = 32))]
    pub field_30: String,
    #[cfg_attr(feature = "shmrec", record(capacity = 8))]
    pub field_31: Vec<u16>,
    pub field_32: Mode,
    pub field_33: char,
    pub field_34: (u8, u32),
    pub field_35: i128,
    #[cfg_attr(feature = "shmrec", record(capacity = 16))]
    pub field_36: Option<String>,
    pub field_37: Duration,
    pub field_38: [Axis; 2],
    pub field_39: u32,
    pub field_40: u8,
    pub field_41: u16,
    pub field_42: u32,
    pub field_43: u64,
    pub field_44: i64,
    pub field_45: f64,
    pub field_46: bool,
    pub field_47: [f32; 4],
    pub field_48: Option<u32>,
    pub field_49: Axis,
    #[cfg_attr(feature = "shmrec", record(capacity = 32))]
    pub field_50: String,
    #[cfg_attr(feature = "shmrec", record(capacity = 8))]
    pub field_51: Vec<u16>,
    pub field_52: Mode,
    pub field_53: char,
    pub field_54: (u8, u32),
    pub field_55: i128,
    #[cfg_attr(feature = "shmrec", record(capacity = 16))]
    pub field_56: Option<String>,
    pub field_57: Duration,
    pub field_58: [Axis; 2],
    pub field_59: u32,
    pub field_60: u8,
    pub field_61: u16,
    pub field_62: u32,
    pub field_63: u64,
    pub field_64: i64,
    pub field_65: f64,
    pub field_66: bool,
    pub field_67: [f32; 4],
    pub field_68: Option<u32>,
    pub field_69: Axis,
    #[cfg_attr(feature = "shmrec", record(capacity = 32))]
    pub field_70: String,
    #[cfg_attr(feature = "shmrec", record(capacity = 8))]
    pub field_71: Vec<u16>,
    pub field_72: Mode,
    pub field_73: char,
    pub field_74: (u8, u32),
    pub field_75: i128,
    #[cfg_attr(feature = "shmrec", record(capacity = 16))]
    pub field_76: Option<String>,
    pub field_77: Duration,
    pub field_78: [Axis; 2],
    pub field_79: u32,
    pub field_80: u8,
    pub field_81: u16,
    pub field_82: u32,
    pub field_83: u64,
    pub field_84: i64,
    pub field_85: f64,
    pub field_86: bool,
    pub field_87: [f32; 4],
    pub field_88: Option<u32>,
    pub field_89: Axis,
    #[cfg_attr(feature = "shmrec", record(capacity = 32))]
    pub field_90: String,
    #[cfg_attr(feature = "shmrec", record(capacity = 8))]
    pub field_91: Vec<u16>,
    pub field_92: Mode,
    pub field_93: char,
    pub field_94: (u8, u32),
    pub field_95: i128,
    #[cfg_attr(feature = "shmrec", record(capacity = 16))]
    pub field_96: Option<String>,
    pub field_97: Duration,
    pub field_98: [Axis; 2],
    pub field_99: u32,
}
