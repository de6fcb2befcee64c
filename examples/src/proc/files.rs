//! Opening the files.

use std::error::Error;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::cpu::{self, Cpus};
use super::disk::{self, Disk};
use super::host::{self, Load};
use super::memory::{self, Memory};
use super::network::{self, Interface};
use super::process::{self, Process};
use crate::system;

/// A directory laid out as `/proc`, or what this system has instead.
#[derive(Clone, Debug)]
pub struct Files {
    /// `None` for the system's own.
    root: Option<PathBuf>,
}

/// A file without which there are no figures could not be read.
#[derive(Debug)]
pub struct Unreadable {
    path: PathBuf,
    source: io::Error,
}

impl Files {
    /// The files of this machine.
    #[must_use]
    pub fn of_this_machine() -> Self {
        Self { root: None }
    }

    /// The files under another directory.
    #[must_use]
    pub fn under(root: impl Into<PathBuf>) -> Self {
        Self { root: Some(root.into()) }
    }

    /// The times of the processors.
    ///
    /// # Errors
    ///
    /// When the file cannot be read.
    pub fn cpus(&self) -> Result<Cpus, Unreadable> {
        self.needed("stat").map(|text| cpu::parse(&text))
    }

    /// The memory.
    ///
    /// # Errors
    ///
    /// When the file cannot be read.
    pub fn memory(&self) -> Result<Memory, Unreadable> {
        self.needed("meminfo").map(|text| memory::parse(&text))
    }

    /// The load; nothing where the file is missing, as all that follows: some containers hide it.
    #[must_use]
    pub fn load(&self) -> Load {
        host::parse_load(&self.text("loadavg"))
    }

    /// Milliseconds since boot.
    #[must_use]
    pub fn uptime(&self) -> u64 {
        host::parse_uptime(&self.text("uptime"))
    }

    /// The machine's name.
    #[must_use]
    pub fn host_name(&self) -> String {
        self.text("sys/kernel/hostname").trim_end().to_owned()
    }

    /// The kernel's release.
    #[must_use]
    pub fn kernel(&self) -> String {
        self.text("sys/kernel/osrelease").trim_end().to_owned()
    }

    /// The network interfaces.
    #[must_use]
    pub fn interfaces(&self) -> Vec<Interface> {
        network::parse(&self.text("net/dev"))
    }

    /// The disks.
    #[must_use]
    pub fn disks(&self) -> Vec<Disk> {
        disk::parse(&self.text("diskstats"))
    }

    /// The processes that this user may see, in no order. One that ends meanwhile is left out.
    #[must_use]
    pub fn processes(&self) -> Vec<Process> {
        let Ok(entries) = fs::read_dir(self.path("")) else { return Vec::new() };
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let pids = names.filter(|name| name.bytes().all(|byte| byte.is_ascii_digit()));
        pids.filter_map(|pid| process::parse(&self.text(&format!("{pid}/stat")))).collect()
    }

    fn needed(&self, name: &str) -> Result<String, Unreadable> {
        self.read(name).map_err(|source| Unreadable { path: self.path(name), source })
    }

    fn text(&self, name: &str) -> String {
        self.read(name).unwrap_or_default()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.as_deref().unwrap_or(Path::new("/proc")).join(name)
    }

    /// A file's text. What is not UTF-8 in it (a process may call itself anything) becomes U+FFFD.
    fn read(&self, name: &str) -> io::Result<String> {
        let bytes = match &self.root {
            Some(root) => fs::read(root.join(name))?,
            None => system::text(name)?,
        };
        Ok(match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
        })
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: is /proc mounted?", self.path.display(), self.source)
    }
}

impl Error for Unreadable {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.source)
    }
}

#[cfg(test)]
mod tests {
    use super::Files;

    #[cfg(target_os = "linux")]
    #[test]
    fn this_machine_has_figures() {
        let files = Files::of_this_machine();
        assert!(!files.cpus().unwrap().cores.is_empty());
        assert!(files.memory().unwrap().total > 0);
        assert!(files.uptime() > 0);
        assert!(files.processes().iter().any(|process| process.pid == std::process::id()));
    }

    #[test]
    fn where_there_is_nothing_the_error_names_the_file() {
        let files = Files::under("/nowhere");
        assert!(files.cpus().unwrap_err().to_string().starts_with("/nowhere/stat: "));
        assert_eq!(files.processes(), []);
        assert_eq!(files.interfaces(), []);
        assert_eq!(files.host_name(), "");
    }
}
