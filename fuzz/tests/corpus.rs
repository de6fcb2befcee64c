//! Every input that the fuzzer has kept, and some thousand that are nearly one of them.
#![cfg(unix)]

use std::path::Path;

use shmrec_fuzz::TARGETS;

/// Variations of each target's inputs.
const VARIATIONS: usize = 2000;

/// SplitMix64.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % bound as u64) as usize
    }

    fn varied(&mut self, inputs: &[Vec<u8>]) -> Vec<u8> {
        let mut input = inputs[self.below(inputs.len())].clone();
        for _ in 0..=self.below(4) {
            let at = self.below(input.len() + 1);
            match self.below(4) {
                0 if at < input.len() => input[at] ^= 1 << self.below(8),
                1 if at < input.len() => input[at] = self.below(256) as u8,
                2 => input.insert(at, self.below(256) as u8),
                _ => {
                    // The rest of another one.
                    let other = &inputs[self.below(inputs.len())];
                    input.truncate(at);
                    input.extend(&other[self.below(other.len() + 1)..]);
                }
            }
        }
        input
    }
}

/// Says which input it was when a target panics.
struct Input<'i>(&'static str, &'i [u8]);

impl Drop for Input<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("target {}, input {:?}", self.0, self.1);
        }
    }
}

#[test]
fn no_input_of_the_corpus_breaks_a_promise() {
    for (name, run) in TARGETS {
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(name);
        let mut paths: Vec<_> = std::fs::read_dir(corpus).expect("the corpus").map(|e| e.unwrap().path()).collect();
        paths.sort();
        let inputs: Vec<_> = paths.iter().map(|path| std::fs::read(path).expect("an input")).collect();
        assert!(!inputs.is_empty(), "{name} has no corpus");
        for input in &inputs {
            let shown = Input(name, input);
            run(input);
            drop(shown);
        }
        let mut random = Random(7);
        for _ in 0..VARIATIONS {
            let input = random.varied(&inputs);
            let shown = Input(name, &input);
            run(&input);
            drop(shown);
        }
        println!("{name}: {} inputs of the corpus, {VARIATIONS} variations", inputs.len());
    }
}
