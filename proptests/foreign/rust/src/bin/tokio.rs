//! tokio's bounded mpsc channel as a target of the checking kit: every operation is polled by hand, with a waker of its
//! own, on a clock that is paused.
//!
//! A step that borrows (a send, a reservation, a permit) borrows from a sender that the program drops later, as the
//! contract demands: so a reference may be kept beside what it refers to.
//! After a change here run: ci/foreign
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use tailrace_targets::{number, serve, Channel, Outcome};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc::error::{SendTimeoutError, TryRecvError, TrySendError};
use tokio::sync::mpsc::{self, OwnedPermit, Permit, Receiver, Sender, WeakSender};

thread_local! {
    static DESTROYED: RefCell<Vec<u64>> = RefCell::new(Vec::new());
}

/// Says when it is destroyed, unless it was handed back.
struct Value(u64);

impl Value {
    fn accept(self) -> u64 {
        let n = self.0;
        std::mem::forget(self);
        n
    }
}
impl Drop for Value {
    fn drop(&mut self) {
        DESTROYED.with(|d| d.borrow_mut().push(self.0));
    }
}

/// The waker of an operation.
struct Note {
    operation: u32,
    woken: Arc<Mutex<Vec<u32>>>,
}
impl Wake for Note {
    fn wake(self: Arc<Self>) {
        self.woken.lock().unwrap().push(self.operation);
    }
}

/// What an operation comes to.
enum Done {
    Words(String),
    Permit(Permit<'static, Value>),
    Owned(OwnedPermit<Value>),
}

fn words(text: impl Into<String>) -> Done {
    Done::Words(text.into())
}

type Operation = Pin<Box<dyn Future<Output = Done>>>;

/// Handles of a kind, by their numbers.
struct Named<T> {
    prefix: char,
    next: u32,
    all: BTreeMap<u32, T>,
}

impl<T> Named<T> {
    fn new(prefix: char) -> Self {
        Named { prefix, next: 0, all: BTreeMap::new() }
    }
    /// Its name.
    fn add(&mut self, handle: T) -> String {
        self.all.insert(self.next, handle);
        self.next += 1;
        format!("{}{}", self.prefix, self.next - 1)
    }
    fn take(&mut self, name: &str) -> T {
        self.all.remove(&(number(name) as u32)).expect("a handle that is there")
    }
    fn get(&self, name: &str) -> &T {
        &self.all[&(number(name) as u32)]
    }
}

/// In the order in which they are dropped: what borrows comes first.
struct Mpsc {
    operations: BTreeMap<u32, Operation>,
    permits: Named<Permit<'static, Value>>,
    owned: Named<OwnedPermit<Value>>,
    weak: Named<WeakSender<Value>>,
    senders: Named<Box<Sender<Value>>>,
    receiver: Option<Box<Receiver<Value>>>,
    woken: Arc<Mutex<Vec<u32>>>,
    runtime: Arc<Runtime>,
}

impl Mpsc {
    fn open(capacity: usize, runtime: Arc<Runtime>) -> Self {
        let (tx, rx) = mpsc::channel(capacity);
        let mut senders = Named::new('s');
        senders.add(Box::new(tx));
        Mpsc {
            operations: BTreeMap::new(),
            permits: Named::new('p'),
            owned: Named::new('o'),
            weak: Named::new('w'),
            senders,
            receiver: Some(Box::new(rx)),
            woken: Arc::default(),
            runtime,
        }
    }

    /// It is dropped after all that borrows from it: see the top.
    fn sender(&self, name: &str) -> &'static Sender<Value> {
        let there: *const Sender<Value> = &**self.senders.get(name);
        unsafe { &*there }
    }

    fn create(&mut self, name: &str, operation: impl Future<Output = Done> + 'static) -> String {
        self.operations.insert(number(name) as u32, Box::pin(operation));
        "created".into()
    }

    fn poll(&mut self, name: &str) -> String {
        let operation = number(name) as u32;
        let note = Note { operation, woken: self.woken.clone() };
        let waker = Waker::from(Arc::new(note));
        let future = self.operations.get_mut(&operation).expect("an operation that is there");
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Pending => "pending".into(),
            Poll::Ready(done) => {
                self.operations.remove(&operation);
                match done {
                    Done::Words(text) => text,
                    Done::Permit(p) => self.permits.add(p),
                    Done::Owned(o) => self.owned.add(o),
                }
            }
        }
    }

    fn drop(&mut self, name: &str) {
        match name.as_bytes()[0] {
            b'f' => std::mem::drop(self.operations.remove(&(number(name) as u32))),
            b'p' => std::mem::drop(self.permits.take(name)),
            b'o' => std::mem::drop(self.owned.take(name)),
            b's' => std::mem::drop(self.senders.take(name)),
            b'w' => std::mem::drop(self.weak.take(name)),
            _ => self.receiver = None,
        }
    }

    fn step(&mut self, step: &[&str]) -> String {
        match *step {
            ["poll", f] => self.poll(f),
            ["drop", name] => {
                self.drop(name);
                "ok".into()
            }
            ["advance", d] => {
                let d = Duration::from_millis(number(d));
                self.runtime.clone().block_on(tokio::time::advance(d));
                "ok".into()
            }
            ["r", ..] => self.of_receiver(step),
            [name, ..] if name.starts_with('s') => self.of_sender(name, step),
            [p, "send", v] if p.starts_with('p') => {
                self.permits.take(p).send(Value(number(v)));
                "ok".into()
            }
            [o, "send", v] => {
                let back = self.owned.take(o).send(Value(number(v)));
                self.senders.add(Box::new(back))
            }
            [o, "release"] => {
                let back = self.owned.take(o).release();
                self.senders.add(Box::new(back))
            }
            [w, "upgrade"] => match self.weak.get(w).upgrade() {
                Some(s) => self.senders.add(Box::new(s)),
                None => "none".into(),
            },
            [w, "clone"] => {
                let clone = self.weak.get(w).clone();
                self.weak.add(clone)
            }
            _ => panic!("a step beyond the capabilities: {step:?}"),
        }
    }

    fn of_sender(&mut self, name: &str, step: &[&str]) -> String {
        let s = self.sender(name);
        match step[1..] {
            ["try_send", v] => match s.try_send(Value(number(v))) {
                Ok(()) => "ok".into(),
                Err(TrySendError::Full(v)) => format!("full v{}", v.accept()),
                Err(TrySendError::Closed(v)) => format!("closed v{}", v.accept()),
            },
            ["send", v, "as", f] => {
                let sending = s.send(Value(number(v)));
                self.create(f, async {
                    match sending.await {
                        Ok(()) => words("ok"),
                        Err(e) => words(format!("closed v{}", e.0.accept())),
                    }
                })
            }
            ["send_timeout", v, d, "as", f] => {
                let sending = s.send_timeout(Value(number(v)), Duration::from_millis(number(d)));
                self.create(f, async {
                    match sending.await {
                        Ok(()) => words("ok"),
                        Err(SendTimeoutError::Timeout(v)) => words(format!("timeout v{}", v.accept())),
                        Err(SendTimeoutError::Closed(v)) => words(format!("closed v{}", v.accept())),
                    }
                })
            }
            ["reserve", "as", f] => {
                let reserving = s.reserve();
                self.create(f, async { reserving.await.map_or_else(|_| words("closed"), Done::Permit) })
            }
            ["reserve_owned", "as", f] => {
                let reserving = self.senders.take(name).reserve_owned();
                self.create(f, async { reserving.await.map_or_else(|_| words("closed"), Done::Owned) })
            }
            ["closed", "as", f] => {
                let closing = s.closed();
                self.create(f, async {
                    closing.await;
                    words("done")
                })
            }
            ["try_reserve"] => match s.try_reserve() {
                Ok(p) => self.permits.add(p),
                Err(e) => refused(&e).into(),
            },
            ["try_reserve_owned"] => match self.senders.take(name).try_reserve_owned() {
                Ok(o) => self.owned.add(o),
                Err(e) => {
                    let why = refused(&e).into();
                    let back = match e {
                        TrySendError::Full(s) | TrySendError::Closed(s) => s,
                    };
                    self.senders.all.insert(number(name) as u32, Box::new(back));
                    why
                }
            },
            ["clone"] => self.senders.add(Box::new(s.clone())),
            ["downgrade"] => self.weak.add(s.downgrade()),
            ["is_closed"] => s.is_closed().to_string(),
            ["capacity"] => s.capacity().to_string(),
            ["max_capacity"] => s.max_capacity().to_string(),
            _ => panic!("a step beyond the capabilities: {step:?}"),
        }
    }

    fn of_receiver(&mut self, step: &[&str]) -> String {
        let r: &mut Receiver<Value> = self.receiver.as_mut().expect("a receiver that is there");
        match step[1..] {
            ["try_recv"] => match r.try_recv() {
                Ok(v) => format!("some v{}", v.accept()),
                Err(TryRecvError::Empty) => "empty".into(),
                Err(TryRecvError::Disconnected) => "disconnected".into(),
            },
            ["close"] => {
                r.close();
                "ok".into()
            }
            ["recv", "as", f] => {
                let receive = Receive(r);
                self.create(f, receive)
            }
            _ => panic!("a step beyond the capabilities: {step:?}"),
        }
    }
}

/// Borrows the receiver in each poll only, for its owner may close the channel in between.
struct Receive(*mut Receiver<Value>);
impl Future for Receive {
    type Output = Done;
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Done> {
        let received = unsafe { &mut *self.get_mut().0 }.poll_recv(cx);
        received.map(|v| words(v.map_or("none".into(), |v| format!("some v{}", v.accept()))))
    }
}

fn refused<T>(e: &TrySendError<T>) -> &'static str {
    match e {
        TrySendError::Full(_) => "full",
        TrySendError::Closed(_) => "closed",
    }
}

impl Channel for Mpsc {
    fn take(&mut self, step: &[&str]) -> Outcome {
        let runtime = self.runtime.clone();
        let _inside = runtime.enter(); // timers belong to it
        DESTROYED.with(|d| d.borrow_mut().clear());
        let answer = self.step(step);
        // What was dropped or has finished may keep its waker in the channel: those wake no operation.
        let woken = self.woken.lock().unwrap().drain(..).filter(|f| self.operations.contains_key(f)).collect();
        Outcome { answer, woken, destroyed: DESTROYED.with(|d| d.borrow_mut().drain(..).collect()) }
    }
}

fn main() -> std::io::Result<()> {
    let paused = Builder::new_current_thread().enable_time().start_paused(true).build()?;
    let runtime = Arc::new(paused);
    let can = [
        "send", "try_send", "send_timeout", "reserve", "try_reserve", "reserve_owned", "try_reserve_owned", "closed",
        "recv", "try_recv", "close", "clone", "weak", "sender_capacity", "sender_max_capacity", "sender_is_closed",
        "sender_drop", "receiver_drop", "late_poll", "send_returns_value",
    ];
    serve("tokio", "1.24.2", &can, |capacity| Mpsc::open(capacity, runtime.clone()))
}
