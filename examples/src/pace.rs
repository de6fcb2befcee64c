//! Doing something again and again, until there was enough of it or a signal ends it.

use std::error::Error;
use std::sync::mpsc;
use std::time::Duration;

use crate::signals;

/// How often.
#[derive(Clone, Copy, Debug, clap::Args)]
pub struct Pace {
    /// Seconds between two times
    #[arg(long, default_value = "1", global = true, value_parser = crate::demo::command::seconds)]
    pub interval: Duration,

    /// End after so many; without this, at Ctrl-C
    #[arg(long, global = true)]
    pub count: Option<u64>,
}

impl Pace {
    /// Calls `step`, which says whether this time counts.
    ///
    /// # Errors
    ///
    /// What `step` returns, or that no signal can be watched.
    pub fn repeat(self, mut step: impl FnMut() -> Result<bool, shmrec::Error>) -> Result<(), Box<dyn Error>> {
        let (tell, told) = mpsc::channel();
        signals::on_end(move || {
            // Whoever does not listen any more has ended.
            let _ = tell.send(());
        })?;
        let mut done = 0;
        while self.count.is_none_or(|count| done < count) {
            done += u64::from(step()?);
            if told.recv_timeout(self.interval).is_ok() {
                break;
            }
        }
        Ok(())
    }
}
