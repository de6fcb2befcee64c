//! The engine of aarch64: pairs of NEON registers, 32 bytes at a time, which every such processor has.
//!
//! # Safety
//!
//! Both directions run the same instructions, so there is one function for both: which side is the shared one makes no
//! difference to the bytes that are moved. Each `asm!` below reads memory by `ldr` and `ldp` and writes it by `str` and `stp`,
//! which ask for no alignment, and by nothing else. Of shared memory they move whole aligned words, because what they begin at
//! is a multiple of 8 bytes behind `from` and `to`, and a multiple of 8 bytes long; what these accesses mean there is the
//! parent module's subject. They use no stack. None is `pure`: the compiler repeats none, leaves none out, and moves none over
//! a fence or another access to memory.
#![allow(unsafe_code)]

use std::arch::asm;

/// Bytes of a register, and the fewest that are copied by them.
pub(super) const LEAST: usize = 16;

/// Copies 16 bytes.
///
/// # Safety
///
/// `from` is valid for reads of 16 bytes and `to` for writes; on either side, only as the parent module says if it is shared.
#[inline(always)]
unsafe fn copy_16(from: *const u8, to: *mut u8) {
    // SAFETY: reads 16 bytes at `from` and writes 16 at `to`, which the caller vouches for. The register that is changed is
    // named; no flag is.
    unsafe {
        asm!(
            "ldr {lane:q}, [{from}]",
            "str {lane:q}, [{to}]",
            from = in(reg) from,
            to = in(reg) to,
            lane = out(vreg) _,
            options(nostack, preserves_flags),
        );
    }
}

/// Copies `len` bytes, a multiple of 8 and at least [`LEAST`], in line.
///
/// # Safety
///
/// `from` is valid for reads of `len` bytes and `to` for writes, and both are as the parent module says where they are shared.
#[inline(always)]
pub(super) unsafe fn copy_short(from: *const u8, to: *mut u8, len: usize) {
    let mut at = 0;
    while at + 16 <= len {
        // SAFETY: these 16 bytes are among the `len`.
        unsafe { copy_16(from.wrapping_add(at), to.wrapping_add(at)) };
        at += 16;
    }
    if at < len {
        // The last word, and the one before it once more.
        // SAFETY: `len` is at least 16.
        unsafe { copy_16(from.wrapping_add(len - 16), to.wrapping_add(len - 16)) };
    }
}

/// Copies `len` bytes, a multiple of 8 and at least 64.
///
/// # Safety
///
/// As [`copy_short`].
#[inline(always)]
pub(super) unsafe fn copy(from: *const u8, to: *mut u8, len: usize) {
    // SAFETY: the loop moves 64 bytes at a time, from `from` to `to`, as long as `from` is before `last`, which is 64 bytes before
    // the end; then the last 64: all of the `len` bytes and no others, those before the end perhaps twice. All registers that
    // change are operands, flags are not said to be preserved.
    unsafe {
        asm!(
            "b 3f",
            "2:",
            "ldp {a:q}, {b:q}, [{from}]",
            "ldp {c:q}, {d:q}, [{from}, #32]",
            "stp {a:q}, {b:q}, [{to}]",
            "stp {c:q}, {d:q}, [{to}, #32]",
            "add {from}, {from}, #64",
            "add {to}, {to}, #64",
            "3:",
            "cmp {from}, {last}",
            "b.lo 2b",
            "ldp {a:q}, {b:q}, [{last}]",
            "ldp {c:q}, {d:q}, [{last}, #32]",
            "stp {a:q}, {b:q}, [{last_to}]",
            "stp {c:q}, {d:q}, [{last_to}, #32]",
            from = inout(reg) from => _,
            to = inout(reg) to => _,
            last = in(reg) from.wrapping_add(len - 64),
            last_to = in(reg) to.wrapping_add(len - 64),
            a = out(vreg) _,
            b = out(vreg) _,
            c = out(vreg) _,
            d = out(vreg) _,
            options(nostack),
        );
    }
}

/// The engine, by name.
pub(super) fn all() -> Vec<(&'static str, super::Engine)> {
    /// # Safety
    ///
    /// As [`copy`].
    unsafe fn neon(from: *const u8, to: *mut u8, len: usize) {
        // SAFETY: as the caller vouches.
        unsafe { copy(from, to, len) };
    }
    vec![("NEON", neon)]
}
