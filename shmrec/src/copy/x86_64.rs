//! The engine of x86-64: 64 bytes at a time by AVX-512 where that is the fastest way, 32 where the processor has AVX, 16 where not.
//!
//! AVX-512 is for AMD's processors, as in the C library's `memcpy`: several of Intel's lower their clock for registers of 64 bytes.
//!
//! # Safety
//!
//! Both directions run the same instructions, so there is one function for both: which side is the shared one makes no
//! difference to the bytes that are moved. Each `asm!` below reads and writes memory by `mov`s between memory and vector
//! registers, which ask for no alignment, or by one string instruction, and by nothing else. Of shared memory they move whole
//! aligned words, because what a `mov` begins at is a multiple of 8 bytes behind `from` and `to`, and 16, 32 or 64 bytes long, and
//! the string instruction goes by words; what these accesses mean there is the parent module's subject. They use no stack. None is
//! `pure`: the compiler repeats none, leaves none out, and moves none over a fence or another access to memory.
#![allow(unsafe_code)]

use std::arch::asm;
use std::sync::atomic::{AtomicU8, Ordering};

use super::WORD;

/// Bytes of an SSE2 register, and the fewest that are copied by them.
pub(super) const LEAST: usize = 16;

/// Assembly with AVX in code that may have none. It names what it changes: all sixteen registers, because the `vzeroupper` at
/// the end, without which other code would run slowly on some processors, changes their upper halves; and the flags, by not
/// saying that it preserves them.
macro_rules! by_avx {
    (($from:ident, $to:ident, $end:ident, $($operands:tt)*), $($line:literal,)*) => {
        asm!(
            $($line,)*
            "vzeroupper",
            $($operands)*
            from = in(reg) $from,
            to = in(reg) $to,
            $end = in(reg) $end,
            out("xmm0") _, out("xmm1") _, out("xmm2") _, out("xmm3") _,
            out("xmm4") _, out("xmm5") _, out("xmm6") _, out("xmm7") _,
            out("xmm8") _, out("xmm9") _, out("xmm10") _, out("xmm11") _,
            out("xmm12") _, out("xmm13") _, out("xmm14") _, out("xmm15") _,
            options(nostack),
        )
    };
}

/// Assembly with AVX-512. It uses and names registers that only AVX-512 has, so that the lower sixteen stay as they are, upper
/// halves included, and no `vzeroupper` is needed; and the flags, by not saying that it preserves them.
macro_rules! by_avx512 {
    (($from:ident, $to:ident, $end:ident, $($operands:tt)*), $($line:literal,)*) => {
        asm!(
            $($line,)*
            $($operands)*
            from = in(reg) $from,
            to = in(reg) $to,
            $end = in(reg) $end,
            out("zmm16") _, out("zmm17") _, out("zmm18") _, out("zmm19") _,
            out("zmm20") _, out("zmm21") _, out("zmm22") _, out("zmm23") _,
            options(nostack),
        )
    };
}

/// How many bytes are copied by the processor's string instruction where AVX-512 is taken: those of which source and target do not
/// fit the first cache together, and fit the second. Lines that are to be overwritten as a whole are then not read first.
const STRINGS: std::ops::Range<usize> = 32 << 10..1 << 20;

/// What the processor has, once somebody has looked.
static FOUND: AtomicU8 = AtomicU8::new(UNKNOWN);
const UNKNOWN: u8 = 0;
const SSE2: u8 = 1;
const AVX: u8 = 2;
const AVX512: u8 = 3;

#[cold]
fn find_out() -> u8 {
    let found = if std::arch::is_x86_feature_detected!("avx512f") && is_amd() {
        AVX512
    } else if std::arch::is_x86_feature_detected!("avx") {
        AVX
    } else {
        SSE2
    };
    // Relaxed: everybody who looks finds the same.
    FOUND.store(found, Ordering::Relaxed);
    found
}

/// Whether AMD says that it has made the processor.
fn is_amd() -> bool {
    // SAFETY: every x86-64 processor has the instruction, and leaf 0. Newer compilers ask for no `unsafe` here.
    #[allow(unused_unsafe)]
    let said = unsafe { std::arch::x86_64::__cpuid(0) };
    let name = [said.ebx, said.edx, said.ecx].map(u32::to_le_bytes);
    name.as_flattened() == b"AuthenticAMD"
}

/// Copies 16 bytes.
///
/// # Safety
///
/// `from` is valid for reads of 16 bytes and `to` for writes; on either side, only as the parent module says if it is shared.
#[inline(always)]
unsafe fn copy_16(from: *const u8, to: *mut u8) {
    // SAFETY: reads 16 bytes at `from` and writes 16 at `to`, which the caller vouches for. The register that is changed is
    // named; `movdqu` changes no flag. SSE2 is part of x86-64.
    unsafe {
        asm!(
            "movdqu {lane}, [{from}]",
            "movdqu [{to}], {lane}",
            from = in(reg) from,
            to = in(reg) to,
            lane = out(xmm_reg) _,
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
    match FOUND.load(Ordering::Relaxed) {
        // SAFETY: as the caller vouches, and the processor has AVX-512.
        AVX512 => unsafe { copy_by_avx512(from, to, len) },
        // SAFETY: as the caller vouches, and the processor has AVX.
        AVX => unsafe { copy_by_avx(from, to, len) },
        // SAFETY: as the caller vouches.
        _ => unsafe { copy_otherwise(from, to, len) },
    }
}

#[cold]
#[inline(never)]
unsafe fn copy_otherwise(from: *const u8, to: *mut u8, len: usize) {
    if FOUND.load(Ordering::Relaxed) == UNKNOWN && find_out() != SSE2 {
        // SAFETY: as the caller vouches. What was found is known now, so that this goes no deeper.
        unsafe { copy(from, to, len) };
    } else {
        // SAFETY: as the caller vouches.
        unsafe { copy_by_sse2(from, to, len) };
    }
}

/// # Safety
///
/// As [`copy`], and the processor has AVX-512.
#[inline(always)]
pub(super) unsafe fn copy_by_avx512(from: *const u8, to: *mut u8, len: usize) {
    if len <= 128 {
        // SAFETY: reads 64 bytes each at `from` and before `from + len`, and writes them at the same places of `to`: all among
        // the `len` bytes, which are at least 64. What changes is said by `by_avx512`.
        unsafe {
            by_avx512!(
                (from, to, len,),
                "vmovdqu64 zmm16, [{from}]",
                "vmovdqu64 zmm17, [{from} + {len} - 64]",
                "vmovdqu64 [{to}], zmm16",
                "vmovdqu64 [{to} + {len} - 64], zmm17",
            );
        }
    } else if len <= 256 {
        // SAFETY: reads 128 bytes at `from` and 128 before `from + len`, and writes them at the same places of `to`: all among
        // the `len` bytes, which are more than 128. What changes is said by `by_avx512`.
        unsafe {
            by_avx512!(
                (from, to, len,),
                "vmovdqu64 zmm16, [{from}]",
                "vmovdqu64 zmm17, [{from} + 64]",
                "vmovdqu64 zmm18, [{from} + {len} - 128]",
                "vmovdqu64 zmm19, [{from} + {len} - 64]",
                "vmovdqu64 [{to}], zmm16",
                "vmovdqu64 [{to} + 64], zmm17",
                "vmovdqu64 [{to} + {len} - 128], zmm18",
                "vmovdqu64 [{to} + {len} - 64], zmm19",
            );
        }
    } else if STRINGS.contains(&len) && (from.addr() | to.addr()) % 64 == 0 {
        // SAFETY: `len` is a multiple of 8, and as many bytes are read at `from` and written at `to`, word by word; the direction is
        // forwards, which is so wherever `asm!` stands. Each step of the instruction moves a word of 8 bytes, and both sides are
        // aligned, so that each is loaded and stored whole. Loads and stores of string instructions may be carried out in any order
        // among themselves; `lfence` and `sfence` keep them from passing those before and behind, which the protocol's own fences
        // are no instructions for. The three registers that change are operands; no flag does.
        unsafe {
            asm!(
                "lfence",
                "sfence",
                "rep movsq",
                "sfence",
                "lfence",
                inout("rcx") len / WORD => _,
                inout("rsi") from => _,
                inout("rdi") to => _,
                options(nostack, preserves_flags),
            );
        }
    } else {
        // How far it is to where a register can be stored without crossing a cache line; not at all, where words of shared memory
        // would then be split.
        let start = match to.addr().wrapping_neg() % 64 {
            start if start % WORD == 0 => start,
            _ => 0,
        };
        let last = len - 256;
        // SAFETY: unless `start` is 0, the first 64 of the `len` bytes are read and written; then, `at` running from `start`, a
        // multiple of 8 and less than 64, in steps of 256 as long as it is below `last`, which is 256 before the end and more than 0,
        // 256 bytes at `from + at`, written at `to + at`; then those at `last`. All of the `len` bytes are, and no others, some
        // perhaps twice. What changes is said by `by_avx512`, and `at` by its operand.
        unsafe {
            by_avx512!(
                (from, to, last, at = inout(reg) start => _,),
                "test {at}, {at}",
                "jz 2f",
                "vmovdqu64 zmm20, [{from}]",
                "vmovdqu64 [{to}], zmm20",
                "cmp {at}, {last}",
                "jae 3f",
                "2:",
                "vmovdqu64 zmm16, [{from} + {at}]",
                "vmovdqu64 zmm17, [{from} + {at} + 64]",
                "vmovdqu64 zmm18, [{from} + {at} + 128]",
                "vmovdqu64 zmm19, [{from} + {at} + 192]",
                "vmovdqu64 [{to} + {at}], zmm16",
                "vmovdqu64 [{to} + {at} + 64], zmm17",
                "vmovdqu64 [{to} + {at} + 128], zmm18",
                "vmovdqu64 [{to} + {at} + 192], zmm19",
                "add {at}, 256",
                "cmp {at}, {last}",
                "jb 2b",
                "3:",
                "vmovdqu64 zmm16, [{from} + {last}]",
                "vmovdqu64 zmm17, [{from} + {last} + 64]",
                "vmovdqu64 zmm18, [{from} + {last} + 128]",
                "vmovdqu64 zmm19, [{from} + {last} + 192]",
                "vmovdqu64 [{to} + {last}], zmm16",
                "vmovdqu64 [{to} + {last} + 64], zmm17",
                "vmovdqu64 [{to} + {last} + 128], zmm18",
                "vmovdqu64 [{to} + {last} + 192], zmm19",
            );
        }
    }
}

/// # Safety
///
/// As [`copy`], and the processor has AVX.
#[inline(always)]
pub(super) unsafe fn copy_by_avx(from: *const u8, to: *mut u8, len: usize) {
    if len < 128 {
        // SAFETY: reads 32 bytes each at `from`, `from + 32`, `from + len - 64` and `from + len - 32`, and writes them at the
        // same places of `to`: all among the `len` bytes, which are at least 64. What changes is said by `by_avx`.
        unsafe {
            by_avx!(
                (from, to, len,),
                "vmovdqu ymm0, [{from}]",
                "vmovdqu ymm1, [{from} + 32]",
                "vmovdqu ymm2, [{from} + {len} - 64]",
                "vmovdqu ymm3, [{from} + {len} - 32]",
                "vmovdqu [{to}], ymm0",
                "vmovdqu [{to} + 32], ymm1",
                "vmovdqu [{to} + {len} - 64], ymm2",
                "vmovdqu [{to} + {len} - 32], ymm3",
            );
        }
    } else if len <= 256 {
        // SAFETY: reads 128 bytes at `from` and 128 before `from + len`, and writes them at the same places of `to`: all among
        // the `len` bytes, which are at least 128. What changes is said by `by_avx`.
        unsafe {
            by_avx!(
                (from, to, len,),
                "vmovdqu ymm0, [{from}]",
                "vmovdqu ymm1, [{from} + 32]",
                "vmovdqu ymm2, [{from} + 64]",
                "vmovdqu ymm3, [{from} + 96]",
                "vmovdqu ymm4, [{from} + {len} - 128]",
                "vmovdqu ymm5, [{from} + {len} - 96]",
                "vmovdqu ymm6, [{from} + {len} - 64]",
                "vmovdqu ymm7, [{from} + {len} - 32]",
                "vmovdqu [{to}], ymm0",
                "vmovdqu [{to} + 32], ymm1",
                "vmovdqu [{to} + 64], ymm2",
                "vmovdqu [{to} + 96], ymm3",
                "vmovdqu [{to} + {len} - 128], ymm4",
                "vmovdqu [{to} + {len} - 96], ymm5",
                "vmovdqu [{to} + {len} - 64], ymm6",
                "vmovdqu [{to} + {len} - 32], ymm7",
            );
        }
    } else {
        // How far it is to where a register can be stored without crossing a cache line; not at all, where words of shared memory
        // would then be split.
        let start = match to.addr().wrapping_neg() % 32 {
            start if start % WORD == 0 => start,
            _ => 0,
        };
        if start > 0 {
            // SAFETY: the first 32 of the `len` bytes.
            unsafe { copy_short(from, to, 32) };
        }
        let last = len - 128;
        // SAFETY: `at` runs from `start`, a multiple of 8 and less than 32, in steps of 128 as long as it is below `last`, which is
        // 128 before the end; then it is `last`. Each time 128 bytes are read at `from + at` and written at `to + at`: all of the
        // `len` bytes from `start` on and no others, those before the end perhaps twice. What changes is said by `by_avx`, and
        // `at` by its operand.
        unsafe {
            by_avx!(
                (from, to, last, at = inout(reg) start => _,),
                "2:",
                "vmovdqu ymm0, [{from} + {at}]",
                "vmovdqu ymm1, [{from} + {at} + 32]",
                "vmovdqu ymm2, [{from} + {at} + 64]",
                "vmovdqu ymm3, [{from} + {at} + 96]",
                "vmovdqu [{to} + {at}], ymm0",
                "vmovdqu [{to} + {at} + 32], ymm1",
                "vmovdqu [{to} + {at} + 64], ymm2",
                "vmovdqu [{to} + {at} + 96], ymm3",
                "sub {at}, -128",
                "cmp {at}, {last}",
                "jb 2b",
                "vmovdqu ymm0, [{from} + {last}]",
                "vmovdqu ymm1, [{from} + {last} + 32]",
                "vmovdqu ymm2, [{from} + {last} + 64]",
                "vmovdqu ymm3, [{from} + {last} + 96]",
                "vmovdqu [{to} + {last}], ymm0",
                "vmovdqu [{to} + {last} + 32], ymm1",
                "vmovdqu [{to} + {last} + 64], ymm2",
                "vmovdqu [{to} + {last} + 96], ymm3",
            );
        }
    }
}

/// # Safety
///
/// As [`copy`].
pub(super) unsafe fn copy_by_sse2(from: *const u8, to: *mut u8, len: usize) {
    // SAFETY: as in `copy_by_avx`, in steps of 64 bytes by four registers, which are named; there is nothing to end. SSE2 is part
    // of x86-64.
    unsafe {
        asm!(
            "test {last}, {last}",
            "jz 3f",
            "2:",
            "movdqu xmm0, [{from} + {at}]",
            "movdqu xmm1, [{from} + {at} + 16]",
            "movdqu xmm2, [{from} + {at} + 32]",
            "movdqu xmm3, [{from} + {at} + 48]",
            "movdqu [{to} + {at}], xmm0",
            "movdqu [{to} + {at} + 16], xmm1",
            "movdqu [{to} + {at} + 32], xmm2",
            "movdqu [{to} + {at} + 48], xmm3",
            "add {at}, 64",
            "cmp {at}, {last}",
            "jb 2b",
            "3:",
            "movdqu xmm0, [{from} + {last}]",
            "movdqu xmm1, [{from} + {last} + 16]",
            "movdqu xmm2, [{from} + {last} + 32]",
            "movdqu xmm3, [{from} + {last} + 48]",
            "movdqu [{to} + {last}], xmm0",
            "movdqu [{to} + {last} + 16], xmm1",
            "movdqu [{to} + {last} + 32], xmm2",
            "movdqu [{to} + {last} + 48], xmm3",
            from = in(reg) from,
            to = in(reg) to,
            last = in(reg) len - 64,
            at = inout(reg) 0_usize => _,
            out("xmm0") _, out("xmm1") _, out("xmm2") _, out("xmm3") _,
            options(nostack),
        );
    }
}

/// The engines that this processor has.
pub(super) fn all() -> Vec<(&'static str, super::Engine)> {
    /// # Safety
    ///
    /// As [`copy_by_avx`].
    unsafe fn avx(from: *const u8, to: *mut u8, len: usize) {
        // SAFETY: as the caller vouches.
        unsafe { copy_by_avx(from, to, len) };
    }
    /// # Safety
    ///
    /// As [`copy_by_avx512`].
    unsafe fn avx512(from: *const u8, to: *mut u8, len: usize) {
        // SAFETY: as the caller vouches.
        unsafe { copy_by_avx512(from, to, len) };
    }
    let mut engines: Vec<(&'static str, super::Engine)> = vec![("SSE2", copy_by_sse2)];
    if std::arch::is_x86_feature_detected!("avx") {
        engines.push(("AVX", avx));
    }
    // Where it is not taken, too.
    if std::arch::is_x86_feature_detected!("avx512f") {
        engines.push(("AVX-512", avx512));
    }
    engines
}
