// W1 to W4, W10 and memory: without tasks. The same as bench/common/one_thread.hpp and threads.hpp in C++.

use crate::workload::*;
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};

/// A kind of channel.
pub trait Kind<T: Value> {
    type Tx: Clone + Send + 'static;
    type Rx: Send + 'static;
    fn make(capacity: usize) -> (Self::Tx, Self::Rx);
    fn try_send(tx: &mut Self::Tx, value: T) -> bool;
    fn try_recv(rx: &mut Self::Rx) -> Option<T>;
    fn send(tx: &mut Self::Tx, value: T);
    fn recv(rx: &mut Self::Rx) -> T;
}

/// W1: each value is sent, and received at once.
pub fn one_by_one<K: Kind<T>, T: Value>(p: &Parameters) -> Outcome {
    let (tx, rx) = K::make(p.capacity);
    let (mut tx, mut rx) = (Apart(tx), Apart(rx));
    let mut received = Tally::default();
    let start = Instant::now();
    for i in 1..=p.messages {
        require(K::try_send(&mut tx.0, keep(T::numbered(i))), "a channel with free capacity was full");
        match K::try_recv(&mut rx.0) {
            Some(value) => received.add(value),
            None => require(false, "a channel with a value was empty"),
        }
    }
    let outcome = Outcome::time(start, p.messages);
    received.check(1, p.messages);
    outcome
}

/// W2: the channel is filled, then drained, again and again.
pub fn fill_and_drain<K: Kind<T>, T: Value>(p: &Parameters) -> Outcome {
    let (tx, rx) = K::make(p.capacity);
    let (mut tx, mut rx) = (Apart(tx), Apart(rx));
    let mut received = Tally::default();
    let mut sent = 0;
    let start = Instant::now();
    while sent < p.messages {
        let before = sent;
        for _ in 0..p.capacity {
            if !K::try_send(&mut tx.0, keep(T::numbered(sent + 1))) {
                break;
            }
            sent += 1;
        }
        require(sent > before, "an empty channel was full");
        for _ in before..sent {
            match K::try_recv(&mut rx.0) {
                Some(value) => received.add(value),
                None => require(false, "a channel with a value was empty"),
            }
        }
    }
    let outcome = Outcome::time(start, sent);
    received.check(1, sent);
    outcome
}

/// W3 with one sender, W4 with four: each on a thread, and the receiver on this one.
pub fn blocking_threads<K: Kind<T>, T: Value>(p: &Parameters) -> Outcome {
    let (tx, rx) = K::make(p.capacity);
    let each = p.messages / p.senders;
    let barrier = Arc::new(Barrier::new(p.senders as usize + 1));
    let threads: Vec<_> = (0..p.senders)
        .map(|_| {
            let (tx, barrier) = (tx.clone(), barrier.clone());
            std::thread::spawn(move || {
                let mut tx = Apart(tx); // in this thread's stack
                barrier.wait();
                for i in 1..=each {
                    K::send(&mut tx.0, T::numbered(i));
                }
            })
        })
        .collect();
    let mut rx = Apart(rx);
    let mut received = Tally::default();
    barrier.wait();
    let start = Instant::now();
    while received.count < each * p.senders {
        received.add(K::recv(&mut rx.0));
    }
    let outcome = Outcome::time(start, received.count);
    received.check(p.senders, each);
    for t in threads {
        t.join().unwrap();
    }
    outcome
}

/// W10: one value goes to another thread and back, for a while; each of the two ways is a hand-off.
pub fn hand_offs<K: Kind<T>, T: Value>(p: &Parameters) -> Outcome {
    let (there, there_rx) = K::make(1);
    let (back, back_rx) = K::make(1);
    let beside = BusyThreads::start(p.busy);
    let other = std::thread::spawn(move || {
        let (mut rx, mut tx) = (Apart(there_rx), Apart(back));
        loop {
            let number = K::recv(&mut rx.0).number();
            if number == 0 {
                break;
            }
            K::send(&mut tx.0, T::numbered(number));
        }
    });
    let (mut tx, mut rx) = (Apart(there), Apart(back_rx));
    let mut received = Tally::default();
    let mut round_trips = 0;
    let start = Instant::now();
    let end = start + Duration::from_millis(p.milliseconds);
    while Instant::now() < end {
        round_trips += 1;
        K::send(&mut tx.0, T::numbered(round_trips));
        received.add(K::recv(&mut rx.0));
    }
    let outcome = Outcome::time(start, 2 * round_trips);
    K::send(&mut tx.0, T::numbered(0)); // ends the other thread
    received.check(1, round_trips);
    other.join().unwrap();
    drop(beside);
    outcome
}

#[derive(Clone, Copy, PartialEq)]
pub enum Use {
    None,
    Filled,
    Drained,
}

/// The memory of channels that were never used, that are full, or that were full once.
pub fn memory<K: Kind<T>, T: Value>(p: &Parameters, how: Use) -> Outcome {
    let mut channels = Vec::with_capacity(p.channels as usize);
    // What is allocated once is not a channel's, nor are the remainders that malloc keeps of aligned allocations.
    let others: Vec<_> = (0..64).map(|_| K::make(1)).collect();
    let before = heap_bytes();
    let mut slots = 0;
    for _ in 0..p.channels {
        let (mut tx, mut rx) = K::make(p.capacity);
        if how != Use::None {
            let mut sent = 0;
            while sent < p.capacity as u64 && K::try_send(&mut tx, T::numbered(sent + 1)) {
                sent += 1;
            }
            require(sent + 1 >= p.capacity as u64, "a channel holds less than its capacity");
            slots += sent;
            if how == Use::Drained {
                let mut received = Tally::default();
                while let Some(value) = K::try_recv(&mut rx) {
                    received.add(value);
                }
                received.check(1, sent);
            }
        }
        channels.push((tx, rx));
    }
    let bytes = heap_bytes().saturating_sub(before);
    let outcome = Outcome::bytes(bytes, if how == Use::Filled { slots } else { p.channels });
    std::mem::forget((channels, others));
    outcome
}
