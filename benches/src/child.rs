//! Other processes: this program again, told to write or read a record until its standard input ends.

use std::hint::black_box;
use std::io::{BufRead, BufReader, Read, Write};
use std::mem::MaybeUninit;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::peers::{Blackboard, MmapSync, Peer, RobustMutex, Shmrec};
use crate::record::Block;
use crate::with_words;

/// A process that was started. Ends when this is dropped.
pub struct Other {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Other {
    /// Starts one that does `what` with the record of `words` words that the peer named `peer` shares under `id`.
    pub fn start(what: &str, peer: &str, words: usize, id: &str, number: u64) -> Self {
        let mut child = Command::new(std::env::current_exe().expect("this program"))
            .args(["child", what, peer, &words.to_string(), id, &number.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("another process");
        let output = BufReader::new(child.stdout.take().expect("its output"));
        let mut other = Self { input: child.stdin.take(), child, output };
        assert_eq!(other.line(), "ready");
        other
    }

    pub fn line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).expect("a line");
        line.trim().to_owned()
    }

    pub fn say(&mut self, word: &str) {
        writeln!(self.input.as_mut().expect("its input"), "{word}").expect("it listens");
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        drop(self.input.take());
        let _ = self.child.wait();
    }
}

/// Keeps this thread on one of the machine's processors.
pub fn stay_on(cpu: usize) {
    let mut set = rustix::thread::CpuSet::new();
    // SAFETY: asks for a number. Not `available_parallelism`, which is that of a thread that stays somewhere already.
    #[allow(unsafe_code)]
    let cpus = unsafe { libc::sysconf(libc::_SC_NPROCESSORS_ONLN) };
    set.set(cpu % usize::try_from(cpus).unwrap_or(1).max(1));
    let _ = rustix::thread::sched_setaffinity(None, &set);
}

/// Becomes true when standard input ends.
fn end_of_input() -> Arc<AtomicBool> {
    let ended = Arc::new(AtomicBool::new(false));
    let end = Arc::clone(&ended);
    std::thread::spawn(move || {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        end.store(true, Ordering::Relaxed);
    });
    ended
}

fn say(word: &str) {
    let mut out = std::io::stdout();
    let _ = writeln!(out, "{word}").and_then(|()| out.flush());
}

/// Writes records whose words count up, with pauses in between.
pub fn write_on<const N: usize>(peer: &mut impl Peer<N>, pause: Duration, ended: &AtomicBool) {
    let mut block = Block::<N>::filled(2);
    while !ended.load(Ordering::Relaxed) {
        let word = block.words[0] + 1;
        block.words.fill(word);
        peer.write(&block);
        if !pause.is_zero() {
            let begun = Instant::now();
            while begun.elapsed() < pause {
                std::hint::spin_loop();
            }
        }
    }
}

fn run<const N: usize, P: Peer<N>>(what: &str, id: &str, number: u64) {
    let mut peer = P::open(id);
    match what {
        "write" => {
            stay_on(1);
            let ended = end_of_input();
            say("ready");
            write_on(&mut peer, Duration::from_micros(number), &ended);
        }
        "read" => {
            stay_on(number as usize);
            let mut place = Box::<Block<N>>::new_uninit();
            say("ready");
            for line in std::io::stdin().lines().map_while(Result::ok) {
                let time = Duration::from_millis(line.parse().expect("milliseconds"));
                let (begun, mut reads) = (Instant::now(), 0_u64);
                while begun.elapsed() < time {
                    for _ in 0..64 {
                        peer.read(black_box::<&mut MaybeUninit<Block<N>>>(&mut place));
                    }
                    reads += 64;
                }
                say(&format!("{}", reads as f64 / begun.elapsed().as_secs_f64()));
            }
        }
        _ => panic!("{what}?"),
    }
}

/// What a process does that was started with `child` and these words.
pub fn main(words: &[String]) {
    let [what, peer, size, id, number] = words else { panic!("five words") };
    let (size, number): (usize, u64) = (size.parse().expect("words"), number.parse().expect("a number"));
    if what == "echo" {
        return crate::sections::wake::echo(peer, id);
    }
    if what == "quiet" {
        return crate::sections::wake::quiet_child(id);
    }
    with_words!(size, N of 8 128 512 8192 => match peer.as_str() {
        "shmrec" => run::<N, Shmrec<N>>(what, id, number),
        "robust pthread mutex" => run::<N, RobustMutex<N>>(what, id, number),
        "iceoryx2 blackboard" => run::<N, Blackboard<N>>(what, id, number),
        "mmap-sync" => run::<N, MmapSync<N>>(what, id, number),
        other => panic!("{other}?"),
    });
}
