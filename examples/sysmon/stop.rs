//! One flag that ends everything.

use std::io::{self, Read};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// Told once, heard by all its clones.
#[derive(Clone, Debug)]
pub(crate) struct Stop(Arc<(Mutex<bool>, Condvar)>);

impl Stop {
    pub(crate) fn new() -> Self {
        Self(Arc::new((Mutex::new(false), Condvar::new())))
    }

    pub(crate) fn tell(&self) {
        let (told, changed) = &*self.0;
        *told.lock().unwrap_or_else(PoisonError::into_inner) = true;
        changed.notify_all();
    }

    /// Tells when the standard input ends.
    pub(crate) fn tell_at_eof(&self) -> io::Result<()> {
        let stop = self.clone();
        let read = move || {
            let mut bytes = [0; 64];
            // An input that cannot be read has ended as well.
            while matches!(io::stdin().lock().read(&mut bytes), Ok(1..)) {}
            stop.tell();
        };
        thread::Builder::new().name("input".to_owned()).spawn(read).map(drop)
    }

    pub(crate) fn is_told(&self) -> bool {
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sleeps for `time`, or until it is told. Says whether it is.
    pub(crate) fn is_told_within(&self, time: Duration) -> bool {
        let (told, changed) = &*self.0;
        let told = told.lock().unwrap_or_else(PoisonError::into_inner);
        let outcome = changed.wait_timeout_while(told, time, |told| !*told);
        *outcome.unwrap_or_else(PoisonError::into_inner).0
    }
}
