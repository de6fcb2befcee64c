//! The protocols in every interleaving and with every value that a load may return: the product's own code over a model
//! checker's memory (loom).
//!
//! | module | subject |
//! |---|---|
//! | [`memory`] | words of a segment as the model checker keeps them, and writers that die |
//! | [`kernel`] | whom the kernel knows to live, and sleep |
//! | [`segment`] | counters, slots and lock of a small segment |
//!
//! Two memories stand in for the real one. The *shipped* one loads relaxed and keeps order by fences, as real mappings are
//! reached. In the *acquiring* one each load acquires and no acquire fence does anything: loom knows the rules of acquiring
//! loads better than those of fences, so what passes on both is not a gap in what it knows of fences.

pub mod kernel;
pub mod memory;
pub mod segment;

use std::sync::atomic::{AtomicU64, Ordering};

/// How often a thread may be interrupted in one interleaving, unless `$SHMREC_PREEMPTIONS` asks for more. A thread that waits
/// is not interrupted: those switches are free.
pub const PREEMPTIONS: usize = 3;

/// Runs a model in every interleaving within `preemptions` (`None`: in every interleaving); prints how many there were.
///
/// # Panics
///
/// When the model does in one of them.
pub fn check(name: &str, preemptions: Option<usize>, model: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    let asked = std::env::var("SHMREC_PREEMPTIONS").ok().and_then(|text| text.parse().ok());
    builder.preemption_bound = preemptions.map(|bound| asked.map_or(bound, |asked: usize| asked.max(bound)));
    builder.max_branches = 100_000;
    let count = std::sync::Arc::new(AtomicU64::new(0));
    let counted = std::sync::Arc::clone(&count);
    let begun = std::time::Instant::now();
    builder.check(move || {
        counted.fetch_add(1, Ordering::Relaxed);
        model();
    });
    let bound = builder.preemption_bound.map_or("any number of".to_owned(), |bound| bound.to_string());
    println!(
        "{:>9} interleavings, {bound} preemptions, {:>3} s: {name}",
        count.load(Ordering::Relaxed),
        begun.elapsed().as_secs()
    );
}

/// Checks a model over both memories.
///
/// # Panics
///
/// As [`check`].
pub fn check_both(
    name: &str,
    preemptions: Option<usize>,
    model: impl Fn(memory::Loads) + Sync + Send + Copy + 'static,
) {
    for loads in [memory::Loads::Shipped, memory::Loads::Acquiring] {
        check(&format!("{name} ({loads:?})"), preemptions, move || model(loads));
    }
}
