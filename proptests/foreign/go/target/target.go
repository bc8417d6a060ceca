// Package target is the target's side of docs/protocol.md, for targets in Go:
//
//	target.Serve("my-queue", "1.0", "try_send try_recv", "", open)
//
// After a change here run: ci/foreign
package target

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
)

// Channel is one channel with all its handles, for one program.
type Channel interface {
	// Take takes the step, given as its words, and says all that could be seen of it.
	Take(step []string) Outcome
	// End ends what is left: the program has ended.
	End()
}

// Tasks is a channel that can take steps of several tasks at once, in a goroutine of each.
type Tasks interface {
	Channel
	// Call takes a step of a task, where a send or a receive waits until it is over.
	Call(step []string) Outcome
}

// Outcome is `<answer> [! f0 ..] [~ v1 ..]`; or "error", if the step is about something that is not there. A program that
// was sent whole goes on after a difference, and may ask for what this channel never made.
type Outcome struct {
	Answer    string
	Woken     []int
	Destroyed []string
}

// Number is that in a word like f3, v17 or 5ms.
func Number(word string) int {
	n, err := strconv.Atoi(strings.Trim(word, "fimopsvw"))
	if err != nil {
		panic("expected a word with a number, found " + word)
	}
	return n
}

func (o Outcome) String() string {
	text := o.Answer
	for i, f := range o.Woken {
		if i == 0 {
			text += " !"
		}
		text += " f" + strconv.Itoa(f)
	}
	if len(o.Destroyed) > 0 {
		text += " ~ " + strings.Join(o.Destroyed, " ")
	}
	return text
}

// output is what several goroutines write to, in whole lines.
type output struct {
	lock sync.Mutex
	*bufio.Writer
}

func (o *output) say(flush bool, format string, args ...any) {
	o.lock.Lock()
	defer o.lock.Unlock()
	fmt.Fprintf(o, format, args...)
	if flush {
		o.Flush()
	}
}

// serveTask answers the steps of one task.
func serveTask(task string, steps <-chan string, channel Tasks, out *output) {
	for step := range steps {
		out.say(true, "%s: %s -> %s\n", task, step, channel.Call(strings.Split(step, " ")))
	}
}

// Serve speaks until the input ends. Without tasks, what these can do is "".
func Serve(name, version, can, tasks string, open func(capacity int) Channel) {
	out := &output{Writer: bufio.NewWriter(os.Stdout)}
	if tasks != "" {
		can += "\ntasks " + tasks
	}
	out.say(true, "tailrace-target 1\nname %s\nversion %s\ncan %s\nready\n", name, version, can)
	var channel Channel
	steps := map[string]chan string{} // by task
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		line := in.Text()
		words := strings.Split(line, " ")
		task, step, ofTask := strings.Cut(line, ": ")
		switch {
		case words[0] == "trace":
			channel = open(Number(words[3]))
			out.say(false, "%s\n", line)
		case line == "flush":
			out.say(true, "")
		case channel == nil:
			out.say(true, "error expected a trace, found '%s'\n", line)
		case line == "end":
			for task, s := range steps {
				close(s)
				delete(steps, task)
			}
			channel.End()
			channel = nil
			out.say(true, "end\n")
		case ofTask:
			if steps[task] == nil {
				steps[task] = make(chan string, 1)
				go serveTask(task, steps[task], channel.(Tasks), out)
			}
			steps[task] <- step
		default:
			if o := channel.Take(words); o.Answer == "error" {
				out.say(false, "error cannot take '%s'\n", line)
			} else {
				out.say(false, "%s -> %s\n", line, o)
			}
		}
	}
	out.say(true, "")
}
