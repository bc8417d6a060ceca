// What the workloads share: values, parameters, results, the check of counts. The same as bench/common/workload.hpp in C++.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Instant;

pub trait Value: Copy + Send + Sync + Unpin + std::fmt::Debug + 'static {
    fn numbered(number: u64) -> Self;
    fn number(&self) -> u64;
}

impl Value for u64 {
    fn numbered(number: u64) -> u64 {
        number
    }
    fn number(&self) -> u64 {
        *self
    }
}

#[derive(Clone, Copy, Debug)]
pub struct Large([u64; 8]);

impl Value for Large {
    fn numbered(number: u64) -> Large {
        Large([number; 8])
    }
    fn number(&self) -> u64 {
        self.0[7]
    }
}

/// The compiler has to make this value, and must not know what it is.
#[inline]
pub fn keep<T>(mut value: T) -> T {
    unsafe { std::arch::asm!("/* {0} */", in(reg) &mut value, options(nostack, preserves_flags)) };
    value
}

pub struct Parameters {
    pub size: u64,
    pub capacity: usize,
    pub messages: u64,
    pub senders: u64,
    pub busy: u64,
    pub milliseconds: u64,
    pub channels: u64,
}

impl Parameters {
    pub fn read(arguments: &[String]) -> Option<Parameters> {
        let mut p = Parameters { size: 8, capacity: 64, messages: 100_000, senders: 1, busy: 0, milliseconds: 100, channels: 1 };
        for argument in arguments {
            let (key, value) = argument.split_once('=')?;
            let value: u64 = value.parse().ok()?;
            match key {
                "size" => p.size = value,
                "capacity" => p.capacity = value as usize,
                "messages" => p.messages = value,
                "senders" => p.senders = value,
                "busy" => p.busy = value,
                "milliseconds" => p.milliseconds = value,
                "channels" => p.channels = value,
                _ => return None,
            }
        }
        let valid = (p.size == 8 || p.size == 64) && p.capacity > 0 && p.senders > 0 && p.channels > 0;
        valid.then_some(p)
    }
}

pub struct Outcome {
    pub count: u64,
    pub amount: u64,
    pub unit: &'static str,
}

impl Outcome {
    pub fn time(start: Instant, count: u64) -> Outcome {
        Outcome { count, amount: start.elapsed().as_nanos() as u64, unit: "nanoseconds" }
    }
    pub fn bytes(bytes: u64, count: u64) -> Outcome {
        Outcome { count, amount: bytes, unit: "bytes" }
    }
}

/// A contestant that loses a value must not have a time.
pub fn require(condition: bool, what: &str) {
    if !condition {
        eprintln!("wrong result: {}", what);
        std::process::exit(1);
    }
}

/// The numbers that a receiver got, and what they have to add up to: each sender sends 1, 2, ... `each`.
#[derive(Default)]
pub struct Tally {
    sum: u64,
    pub count: u64,
}

impl Tally {
    #[inline]
    pub fn add<T: Value>(&mut self, value: T) {
        self.sum = self.sum.wrapping_add(keep(value).number());
        self.count += 1;
    }
    pub fn check(&self, senders: u64, each: u64) {
        require(self.count == senders * each, "the number of messages");
        require(self.sum == senders * (each * (each + 1) / 2), "the sum of all messages");
    }
}

/// On a cache line of its own: two handles side by side cost more than the channel does.
#[repr(align(64))]
pub struct Apart<H>(pub H);

/// Threads that do nothing but use a processor.
pub struct BusyThreads {
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl BusyThreads {
    pub fn start(count: u64) -> BusyThreads {
        let stop = Arc::new(AtomicBool::new(false));
        let threads = (0..count)
            .map(|_| {
                let stop = stop.clone();
                std::thread::spawn(move || while !stop.load(Ordering::Relaxed) {})
            })
            .collect();
        BusyThreads { stop, threads }
    }
}

impl Drop for BusyThreads {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        for t in self.threads.drain(..) {
            let _ = t.join();
        }
    }
}

/// What malloc has given out, with its own overhead. The C++ contestants ask the same function.
pub fn heap_bytes() -> u64 {
    let all = unsafe { libc::mallinfo2() };
    (all.uordblks + all.hblkhd) as u64
}
