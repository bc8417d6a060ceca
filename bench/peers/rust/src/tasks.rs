// W5 to W8: tasks of tokio's executors that do nothing but send and receive. The same as bench/tailrace/tasks.hpp in C++.

use tokio::runtime::{Builder, Runtime};

/// W5, W7 and W8 are on one thread, W6 on two.
pub fn runtime(threads: usize) -> Runtime {
    if threads == 1 {
        Builder::new_current_thread().build().unwrap()
    } else {
        Builder::new_multi_thread().worker_threads(threads).build().unwrap()
    }
}

/// asynchronous!(NAME, CHANNEL, tx, value => SEND, rx => RECV): a module with the workloads of one channel. SEND sends `value` by `tx`,
/// RECV is the next value of `rx`; both may await.
#[macro_export]
macro_rules! asynchronous {
    ($name:ident, $kind:ty, $tx:ident, $value:ident => $send:expr, $rx:ident => $recv:expr) => {
        pub mod $name {
            #[allow(unused_imports)]
            use crate::kinds::*;
            use crate::tasks::runtime;
            use crate::threads::Kind;
            use crate::workload::*;
            #[allow(unused_imports)]
            use futures_util::StreamExt;
            use std::time::Instant;

            pub fn tasks<T: Value>(p: &Parameters, threads: usize) -> Outcome {
                let each = p.messages / p.senders;
                let (capacity, senders) = (p.capacity, p.senders);
                runtime(threads).block_on(async move {
                    let start = Instant::now();
                    #[allow(unused_mut)]
                    let (tx, mut $rx) = <$kind as Kind<T>>::make(capacity);
                    let receiver = tokio::spawn(async move {
                        let mut received = Tally::default();
                        while received.count < each * senders {
                            received.add($recv);
                        }
                        let outcome = Outcome::time(start, received.count);
                        received.check(senders, each);
                        outcome
                    });
                    for _ in 0..senders {
                        #[allow(unused_mut)]
                        let mut $tx = tx.clone();
                        tokio::spawn(async move {
                            for i in 1..=each {
                                let $value = T::numbered(i);
                                $send;
                            }
                        });
                    }
                    drop(tx);
                    receiver.await.unwrap()
                })
            }

            pub fn ping_pong<T: Value>(p: &Parameters) -> Outcome {
                let count = p.messages;
                runtime(1).block_on(async move {
                    let start = Instant::now();
                    let (there, there_rx) = <$kind as Kind<T>>::make(1);
                    let (back, back_rx) = <$kind as Kind<T>>::make(1);
                    tokio::spawn(async move {
                        #[allow(unused_mut)]
                        let (mut $tx, mut $rx) = (back, there_rx);
                        for _ in 0..count {
                            let $value: T = $recv;
                            $send;
                        }
                    });
                    let asker = tokio::spawn(async move {
                        #[allow(unused_mut)]
                        let (mut $tx, mut $rx) = (there, back_rx);
                        let mut received = Tally::default();
                        for i in 1..=count {
                            let $value = T::numbered(i);
                            $send;
                            received.add::<T>($recv);
                        }
                        let outcome = Outcome::time(start, count);
                        received.check(1, count);
                        outcome
                    });
                    asker.await.unwrap()
                })
            }
        }
    };
}
