//! A target to start from: a queue of the standard library. Replace the queue by yours, and name what it can do:
//! docs/protocol.md has the list. Then run: tailrace-verify check-target COMMAND
use std::collections::VecDeque;
use tailrace_targets::{number, serve, Channel, Outcome};

struct Queue {
    capacity: usize,
    values: VecDeque<u64>,
}

impl Channel for Queue {
    fn take(&mut self, step: &[&str]) -> Outcome {
        match *step {
            ["s0", "try_send", v] if self.values.len() == self.capacity => Outcome::from(&*format!("full {v}")),
            ["s0", "try_send", v] => {
                self.values.push_back(number(v));
                Outcome::from("ok")
            }
            ["r", "try_recv"] => match self.values.pop_front() {
                Some(v) => Outcome::from(&*format!("some v{v}")),
                None => Outcome::from("empty"),
            },
            ["advance", _] => Outcome::from("ok"), // the clock moves: every target answers that
            _ => panic!("a step beyond the capabilities: {step:?}"),
        }
    }
}

fn main() -> std::io::Result<()> {
    serve("template", "1", &["try_send", "try_recv"], |capacity| Queue { capacity, values: VecDeque::new() })
}
