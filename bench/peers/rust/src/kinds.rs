// The channels. Debian's compiler has no async functions in traits, so that the asynchronous forms are macros (tasks.rs).

use crate::threads::Kind;
use crate::workload::Value;
use futures_util::StreamExt;

/// A channel: the module of its ends, what they are called and what makes them, and what each of them does, without
/// waiting and blocking.
macro_rules! kind {
    ($name:ident: $($module:ident)::+, $tx:ident, $rx:ident, $make:ident,
     try_send $try_send:expr, send $send:ident, recv $recv:ident) => {
        pub struct $name;
        impl<T: Value> Kind<T> for $name {
            type Tx = $($module)::+::$tx<T>;
            type Rx = $($module)::+::$rx<T>;
            fn make(capacity: usize) -> (Self::Tx, Self::Rx) {
                $($module)::+::$make(capacity)
            }
            fn try_send(tx: &mut Self::Tx, value: T) -> bool {
                let send: fn(&mut Self::Tx, T) -> bool = $try_send;
                send(tx, value)
            }
            fn try_recv(rx: &mut Self::Rx) -> Option<T> {
                rx.try_recv().ok()
            }
            fn send(tx: &mut Self::Tx, value: T) {
                tx.$send(value).unwrap()
            }
            fn recv(rx: &mut Self::Rx) -> T {
                rx.$recv().unwrap()
            }
        }
    };
}

kind!(Tokio: tokio::sync::mpsc, Sender, Receiver, channel,
      try_send |tx, value| tx.try_send(value).is_ok(), send blocking_send, recv blocking_recv);
// Each value by a permit of its own.
kind!(TokioPermits: tokio::sync::mpsc, Sender, Receiver, channel,
      try_send |tx, value| tx.try_reserve().map(|permit| permit.send(value)).is_ok(),
      send blocking_send, recv blocking_recv);
kind!(Crossbeam: crossbeam_channel, Sender, Receiver, bounded,
      try_send |tx, value| tx.try_send(value).is_ok(), send send, recv recv);
kind!(Std: std::sync::mpsc, SyncSender, Receiver, sync_channel,
      try_send |tx, value| tx.try_send(value).is_ok(), send send, recv recv);
kind!(Flume: flume, Sender, Receiver, bounded,
      try_send |tx, value| tx.try_send(value).is_ok(), send send, recv recv);
kind!(Async: async_channel, Sender, Receiver, bounded,
      try_send |tx, value| tx.try_send(value).is_ok(), send send_blocking, recv recv_blocking);

/// Its capacity is what is asked for and one more for each sender: one less is asked for, so that it is right with one sender.
pub struct Futures;
impl<T: Value> Kind<T> for Futures {
    type Tx = futures_channel::mpsc::Sender<T>;
    type Rx = futures_channel::mpsc::Receiver<T>;
    fn make(capacity: usize) -> (Self::Tx, Self::Rx) {
        futures_channel::mpsc::channel(capacity - 1)
    }
    fn try_send(tx: &mut Self::Tx, value: T) -> bool {
        tx.try_send(value).is_ok()
    }
    fn try_recv(rx: &mut Self::Rx) -> Option<T> {
        rx.try_next().ok().flatten()
    }
    fn send(tx: &mut Self::Tx, value: T) {
        futures_executor::block_on(futures_send(tx, value))
    }
    fn recv(rx: &mut Self::Rx) -> T {
        futures_executor::block_on(rx.next()).unwrap()
    }
}

/// As its Sink does it: waits until there is room, then sends.
pub async fn futures_send<T: Value>(tx: &mut futures_channel::mpsc::Sender<T>, value: T) {
    futures_util::future::poll_fn(|context| tx.poll_ready(context)).await.unwrap();
    tx.start_send(value).unwrap();
}
