// The channels. Debian's compiler has no async functions in traits, so that the asynchronous forms are macros (tasks.rs).

use crate::threads::Kind;
use crate::workload::Value;
use futures_util::StreamExt;

pub struct Tokio;
impl<T: Value> Kind<T> for Tokio {
    type Tx = tokio::sync::mpsc::Sender<T>;
    type Rx = tokio::sync::mpsc::Receiver<T>;
    fn make(capacity: usize) -> (Self::Tx, Self::Rx) {
        tokio::sync::mpsc::channel(capacity)
    }
    fn try_send(tx: &mut Self::Tx, value: T) -> bool {
        tx.try_send(value).is_ok()
    }
    fn try_recv(rx: &mut Self::Rx) -> Option<T> {
        rx.try_recv().ok()
    }
    fn send(tx: &mut Self::Tx, value: T) {
        tx.blocking_send(value).unwrap()
    }
    fn recv(rx: &mut Self::Rx) -> T {
        rx.blocking_recv().unwrap()
    }
}

/// Each value by a permit of its own.
pub struct TokioPermits;
impl<T: Value> Kind<T> for TokioPermits {
    type Tx = tokio::sync::mpsc::Sender<T>;
    type Rx = tokio::sync::mpsc::Receiver<T>;
    fn make(capacity: usize) -> (Self::Tx, Self::Rx) {
        tokio::sync::mpsc::channel(capacity)
    }
    fn try_send(tx: &mut Self::Tx, value: T) -> bool {
        tx.try_reserve().map(|permit| permit.send(value)).is_ok()
    }
    fn try_recv(rx: &mut Self::Rx) -> Option<T> {
        rx.try_recv().ok()
    }
    fn send(tx: &mut Self::Tx, value: T) {
        tx.blocking_send(value).unwrap()
    }
    fn recv(rx: &mut Self::Rx) -> T {
        rx.blocking_recv().unwrap()
    }
}

pub struct Crossbeam;
impl<T: Value> Kind<T> for Crossbeam {
    type Tx = crossbeam_channel::Sender<T>;
    type Rx = crossbeam_channel::Receiver<T>;
    fn make(capacity: usize) -> (Self::Tx, Self::Rx) {
        crossbeam_channel::bounded(capacity)
    }
    fn try_send(tx: &mut Self::Tx, value: T) -> bool {
        tx.try_send(value).is_ok()
    }
    fn try_recv(rx: &mut Self::Rx) -> Option<T> {
        rx.try_recv().ok()
    }
    fn send(tx: &mut Self::Tx, value: T) {
        tx.send(value).unwrap()
    }
    fn recv(rx: &mut Self::Rx) -> T {
        rx.recv().unwrap()
    }
}

pub struct Std;
impl<T: Value> Kind<T> for Std {
    type Tx = std::sync::mpsc::SyncSender<T>;
    type Rx = std::sync::mpsc::Receiver<T>;
    fn make(capacity: usize) -> (Self::Tx, Self::Rx) {
        std::sync::mpsc::sync_channel(capacity)
    }
    fn try_send(tx: &mut Self::Tx, value: T) -> bool {
        tx.try_send(value).is_ok()
    }
    fn try_recv(rx: &mut Self::Rx) -> Option<T> {
        rx.try_recv().ok()
    }
    fn send(tx: &mut Self::Tx, value: T) {
        tx.send(value).unwrap()
    }
    fn recv(rx: &mut Self::Rx) -> T {
        rx.recv().unwrap()
    }
}

pub struct Flume;
impl<T: Value> Kind<T> for Flume {
    type Tx = flume::Sender<T>;
    type Rx = flume::Receiver<T>;
    fn make(capacity: usize) -> (Self::Tx, Self::Rx) {
        flume::bounded(capacity)
    }
    fn try_send(tx: &mut Self::Tx, value: T) -> bool {
        tx.try_send(value).is_ok()
    }
    fn try_recv(rx: &mut Self::Rx) -> Option<T> {
        rx.try_recv().ok()
    }
    fn send(tx: &mut Self::Tx, value: T) {
        tx.send(value).unwrap()
    }
    fn recv(rx: &mut Self::Rx) -> T {
        rx.recv().unwrap()
    }
}

pub struct Async;
impl<T: Value> Kind<T> for Async {
    type Tx = async_channel::Sender<T>;
    type Rx = async_channel::Receiver<T>;
    fn make(capacity: usize) -> (Self::Tx, Self::Rx) {
        async_channel::bounded(capacity)
    }
    fn try_send(tx: &mut Self::Tx, value: T) -> bool {
        tx.try_send(value).is_ok()
    }
    fn try_recv(rx: &mut Self::Rx) -> Option<T> {
        rx.try_recv().ok()
    }
    fn send(tx: &mut Self::Tx, value: T) {
        tx.send_blocking(value).unwrap()
    }
    fn recv(rx: &mut Self::Rx) -> T {
        rx.recv_blocking().unwrap()
    }
}

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
