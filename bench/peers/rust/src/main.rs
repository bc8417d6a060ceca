// The contestants in Rust. bench/common/contestant.hpp has the protocol.
// After a change here run: ci/bench --contestants 'tokio|crossbeam|std|flume|async|futures'

mod kinds;
mod tasks;
mod threads;
mod workload;

use kinds::*;
use threads::*;
use workload::*;

asynchronous!(tokio_sends, Tokio, tx, value => tx.send(value).await.unwrap(), rx => rx.recv().await.unwrap());
asynchronous!(tokio_permits, Tokio, tx, value => tx.reserve().await.unwrap().send(value), rx => rx.recv().await.unwrap());
asynchronous!(flume_sends, Flume, tx, value => tx.send_async(value).await.unwrap(), rx => rx.recv_async().await.unwrap());
asynchronous!(async_sends, Async, tx, value => tx.send(value).await.unwrap(), rx => rx.recv().await.unwrap());
asynchronous!(futures_sends, Futures, tx, value => futures_send(&mut tx, value).await, rx => rx.next().await.unwrap());

fn without_tasks<K: Kind<T>, T: Value>(workload: &str, p: &Parameters) -> Option<Outcome> {
    Some(match workload {
        "W1" => one_by_one::<K, T>(p),
        "W2" => fill_and_drain::<K, T>(p),
        "W3" | "W4" => blocking_threads::<K, T>(p),
        "W10" => hand_offs::<K, T>(p),
        "idle" => memory::<K, T>(p, Use::None),
        "filled" => memory::<K, T>(p, Use::Filled),
        "drained" => memory::<K, T>(p, Use::Drained),
        _ => return None,
    })
}

/// with_tasks!(MODULE, KIND): the workloads of a channel with an asynchronous form.
macro_rules! with_tasks {
    ($module:ident, $kind:ty, $workload:expr, $p:expr) => {
        match $workload {
            "W5" => Some($module::tasks::<T>($p, 1)),
            "W6" => Some($module::tasks::<T>($p, 2)),
            "W8" => Some($module::ping_pong::<T>($p)),
            _ => without_tasks::<$kind, T>($workload, $p),
        }
    };
}

fn run<T: Value>(contestant: &str, workload: &str, p: &Parameters) -> Option<Outcome> {
    match (contestant, workload) {
        ("tokio", "permits") => Some(one_by_one::<TokioPermits, T>(p)),
        ("tokio", "W7") => Some(tokio_permits::tasks::<T>(p, 1)),
        ("tokio", _) => with_tasks!(tokio_sends, Tokio, workload, p),
        ("crossbeam", _) => without_tasks::<Crossbeam, T>(workload, p),
        ("std", _) => without_tasks::<Std, T>(workload, p),
        ("flume", _) => with_tasks!(flume_sends, Flume, workload, p),
        ("async-channel", _) => with_tasks!(async_sends, Async, workload, p),
        ("futures", _) => with_tasks!(futures_sends, Futures, workload, p),
        _ => None,
    }
}

const PLAIN: &str = r#""W1","W2","W3","W4","W10","idle","filled","drained""#;
const TASKS: &str = r#","W5","W6","W8""#;

fn list() {
    let compiler = option_env!("BENCH_COMPILER").unwrap_or("rustc");
    let all = [
        ("tokio", r#","W5","W6","W8","W7","permits""#),
        ("crossbeam", ""),
        ("std", ""),
        ("flume", TASKS),
        ("async-channel", TASKS),
        ("futures", TASKS),
    ];
    for (name, more) in all {
        println!(r#"{{"contestant":"{}","compiler":"{}","workloads":[{}{}]}}"#, name, compiler, PLAIN, more);
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments == ["list"] {
        return list();
    }
    let parameters = if arguments.len() < 2 { None } else { Parameters::read(&arguments[2..]) };
    let p = parameters.unwrap_or_else(|| {
        eprintln!("expected: list, or CONTESTANT WORKLOAD key=value...");
        std::process::exit(2)
    });
    // A second thread: without it glibc leaves out atomic instructions.
    std::thread::spawn(|| loop {
        std::thread::park()
    });
    let outcome = if p.size == 8 {
        run::<u64>(&arguments[0], &arguments[1], &p)
    } else {
        run::<Large>(&arguments[0], &arguments[1], &p)
    };
    match outcome {
        Some(o) => println!(r#"{{"count":{},"{}":{}}}"#, o.count, o.unit, o.amount),
        None => {
            eprintln!("no contestant '{}' with a workload '{}'", arguments[0], arguments[1]);
            std::process::exit(2)
        }
    }
    std::process::exit(0)
}
