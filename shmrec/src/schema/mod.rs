//! Placeholder until the real module is here.
use crate::SharedRecord;
/// S
#[derive(Clone, Debug)]
pub struct Schema;
/// D
#[derive(Clone, Debug)]
pub struct Difference;
impl std::fmt::Display for Difference { fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { Ok(()) } }
impl Schema {
    /// of
    pub fn of<T: SharedRecord>() -> Self { Self }
    /// j
    pub fn to_json(&self) -> String { String::new() }
    /// w
    pub fn without_docs(&self) -> Self { Self }
    /// p
    pub fn parse(_: &str) -> Result<Self, std::fmt::Error> { Ok(Self) }
    /// d
    pub fn differences(&self, _: &Self) -> Vec<Difference> { vec![] }
}
