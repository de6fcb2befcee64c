//! Windows: Ctrl-C, and some of the figures that Linux has under `/proc`, as text of the same form.
//!
//! # Safety
//!
//! Calls that fill in structures of the types that they take.
#![allow(unsafe_code)]

use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use signal_hook::consts::{SIGINT, SIGTERM};
use windows_sys::Win32::Foundation::FILETIME;
use windows_sys::Win32::System::SystemInformation::{GetTickCount64, GlobalMemoryStatusEx, MEMORYSTATUSEX};
use windows_sys::Win32::System::Threading::GetSystemTimes;

use super::Units;

/// Calls `tell`, on a thread of its own, when Ctrl-C asks this program to end.
///
/// # Errors
///
/// When the system gives no handler or no thread.
pub fn end_signals(tell: impl Fn() + Send + 'static) -> io::Result<()> {
    let told = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        signal_hook::flag::register(signal, Arc::clone(&told))?;
    }
    thread::Builder::new().name("signals".to_owned()).spawn(move || {
        loop {
            // Relaxed: nothing was written before it that is read here.
            if told.swap(false, Ordering::Relaxed) {
                tell();
            }
            thread::sleep(Duration::from_millis(50));
        }
    })?;
    Ok(())
}

/// What a segment's file is like, in words.
#[must_use]
pub fn owner(path: &Path) -> String {
    match fs::metadata(path) {
        Ok(file) => format!("a file of {} bytes", file.len()),
        Err(_) => "memory without a file".to_owned(),
    }
}

/// Columns and lines of the terminal that is written to: not asked for.
#[must_use]
pub fn window() -> (Option<u16>, Option<u16>) {
    (None, None)
}

/// In what the kernel counts: processor time in units of 100 ns.
#[must_use]
pub fn units() -> Units {
    Units { ticks_per_second: 10_000_000, page: 4096 }
}

/// The bytes of what would be the file `name` under `/proc`.
///
/// # Errors
///
/// When there is no such figure here.
pub fn text(name: &str) -> io::Result<Vec<u8>> {
    let text = match name {
        "stat" => times()?,
        "meminfo" => memory()?,
        // SAFETY: takes nothing, gives a number.
        "uptime" => format!("{:.2} 0", unsafe { GetTickCount64() } as f64 / 1000.0),
        "sys/kernel/hostname" => std::env::var("COMPUTERNAME").unwrap_or_default(),
        "sys/kernel/osrelease" => "Windows".to_owned(),
        _ => return Err(io::ErrorKind::NotFound.into()),
    };
    Ok(text.into_bytes())
}

fn check(outcome: windows_sys::core::BOOL) -> io::Result<()> {
    if outcome == 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// The processors' times: only all of them together are told.
fn times() -> io::Result<String> {
    let (mut idle, mut kernel, mut user) = (FILETIME::default(), FILETIME::default(), FILETIME::default());
    // SAFETY: three structures of this type are filled in.
    check(unsafe { GetSystemTimes(&raw mut idle, &raw mut kernel, &raw mut user) })?;
    let [idle, kernel, user] =
        [idle, kernel, user].map(|t| u64::from(t.dwHighDateTime) << 32 | u64::from(t.dwLowDateTime));
    // The kernel's time has the idle time in it.
    let line = format!("{user} 0 {} {idle}", kernel.saturating_sub(idle));
    Ok(format!("cpu {line}\ncpu0 {line}\n"))
}

fn memory() -> io::Result<String> {
    let length = size_of::<MEMORYSTATUSEX>() as u32;
    let mut status = MEMORYSTATUSEX { dwLength: length, ..Default::default() };
    // SAFETY: the structure says how long it is.
    check(unsafe { GlobalMemoryStatusEx(&raw mut status) })?;
    let free = status.ullAvailPhys / 1024;
    Ok(format!(
        "MemTotal: {} kB\nMemFree: {free} kB\nMemAvailable: {free} kB\nSwapTotal: {} kB\nSwapFree: {} kB\n",
        status.ullTotalPhys / 1024,
        status.ullTotalPageFile.saturating_sub(status.ullTotalPhys) / 1024,
        status.ullAvailPageFile.saturating_sub(status.ullAvailPhys) / 1024,
    ))
}
