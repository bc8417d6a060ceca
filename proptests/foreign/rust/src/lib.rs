//! The target's side of docs/protocol.md. A target is a `Channel`, and a line of `main`:
//!
//!     tailrace_targets::serve("my-queue", "1.0", &["try_send", "try_recv"], MyChannel::open);
//!
//! After a change here run: ci/foreign
use std::io::{self, BufRead, Write};

/// One channel, with all its handles, for one program.
pub trait Channel {
    /// Takes the step, given as its words, and says all that could be seen of it.
    fn take(&mut self, step: &[&str]) -> Outcome;
}

/// `<answer> [! f0 ..] [~ v1 ..]`
#[derive(Default)]
pub struct Outcome {
    pub answer: String,
    pub woken: Vec<u32>,
    pub destroyed: Vec<u64>,
}

impl From<&str> for Outcome {
    fn from(answer: &str) -> Self {
        Outcome { answer: answer.to_string(), ..Default::default() }
    }
}

/// The number in a word like f3, v17 or 5ms.
pub fn number(word: &str) -> u64 {
    let digits: String = word.chars().filter(char::is_ascii_digit).collect();
    digits.parse().unwrap_or_else(|_| panic!("expected a word with a number, found '{word}'"))
}

fn line(step: &str, o: &Outcome) -> String {
    let mut text = format!("{step} -> {}", o.answer);
    if !o.woken.is_empty() {
        text += " !";
        o.woken.iter().for_each(|f| text += &format!(" f{f}"));
    }
    if !o.destroyed.is_empty() {
        text += " ~";
        o.destroyed.iter().for_each(|v| text += &format!(" v{v}"));
    }
    text
}

/// Speaks until the input ends.
pub fn serve<C: Channel>(name: &str, version: &str, can: &[&str], open: impl Fn(usize) -> C) -> io::Result<()> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    writeln!(out, "tailrace-target 1\nname {name}\nversion {version}\ncan {}\nready", can.join(" "))?;
    out.flush()?;
    let mut channel = None;
    for text in io::stdin().lock().lines() {
        let text = text?;
        let words: Vec<&str> = text.split(' ').collect();
        match words[..] {
            ["trace", _, "capacity", n] => {
                channel = Some(open(n.parse().expect("a capacity")));
                writeln!(out, "{text}")?;
            }
            ["flush"] => out.flush()?,
            ["end"] => {
                channel = None;
                writeln!(out, "end")?;
                out.flush()?;
            }
            _ => match &mut channel {
                Some(c) => writeln!(out, "{}", line(&text, &c.take(&words)))?,
                None => writeln!(out, "error expected a trace, found '{text}'")?,
            },
        }
    }
    Ok(())
}
