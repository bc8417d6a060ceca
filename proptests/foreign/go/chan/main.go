// Go's chan as a target of the checking kit. A waiting operation is a goroutine inside a select, of the channel and of
// its own cancellation.
//
// All goroutines share one processor: after a step the main goroutine yields until every other one is blocked or has
// ended, and what has ended was woken. Go promises no order among them; they are named in the
// order of their first polls, which is that of the queue.
//
// The goroutines of tasks have all processors, and only send and receive.
// After a change here run: ci/foreign
package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"sort"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"tailrace.example/targets/target"
)

// A waiting send or receive. Written by its goroutine, read by the main one when it has ended.
type operation struct {
	begin  func(o *operation)
	value  string // of a send
	polled int    // when: 1 for the first
	ended  bool
	told   bool // that it has ended
	answer string
	cancel chan struct{}
}

type channel struct {
	values     chan string
	closed     atomic.Bool
	together   sync.Once // the tasks begin
	operations map[int]*operation
	polls      int // first ones
}

var programs int

func open(capacity int) target.Channel {
	const betweenCollections = 10000
	if programs++; programs%betweenCollections == 0 {
		runtime.GC()
	}
	runtime.GOMAXPROCS(1)
	return &channel{values: make(chan string, capacity), operations: map[int]*operation{}}
}

// Sending on a closed channel panics, as does a send that waits when it is closed.
func closedInstead(answer *string, value string) {
	if recover() != nil {
		*answer = "closed " + value
	}
}

func (c *channel) send(o *operation) {
	defer func() { o.ended = true }()
	defer closedInstead(&o.answer, o.value)
	select {
	case c.values <- o.value:
		o.answer = "ok"
	case <-o.cancel:
	}
}

func (c *channel) receive(o *operation) {
	defer func() { o.ended = true }()
	select {
	case v, some := <-c.values:
		o.answer = "none"
		if some {
			o.answer = "some " + v
		}
	case <-o.cancel:
	}
}

func (c *channel) trySend(value string) (answer string) {
	defer closedInstead(&answer, value)
	select {
	case c.values <- value:
		return "ok"
	default:
		return "full " + value
	}
}

func (c *channel) tryReceive() string {
	select {
	case v, some := <-c.values:
		if some {
			return "some " + v
		}
		return "disconnected"
	default:
		return "empty"
	}
}

// After a round every other goroutine has run until it was blocked, or until its time slice had ended. None has to do more
// than a few instructions.
func settle() {
	const rounds = 10
	for i := 0; i < rounds; i++ {
		runtime.Gosched()
	}
}

func (c *channel) poll(n int) string {
	o := c.operations[n]
	if o.polled == 0 {
		c.polls++
		o.polled = c.polls
		go o.begin(o)
		settle()
	}
	if !o.ended {
		return "pending"
	}
	delete(c.operations, n)
	return o.answer
}

// What a goroutine has goes with it: the value that it could not send, or has received.
func (c *channel) drop(n int) []string {
	o := c.operations[n]
	delete(c.operations, n)
	if o.polled != 0 && !o.ended {
		close(o.cancel)
		settle()
	}
	if strings.HasPrefix(o.answer, "some ") {
		return []string{strings.TrimPrefix(o.answer, "some ")}
	}
	if o.value != "" && o.answer != "ok" {
		return []string{o.value}
	}
	return nil
}

func (c *channel) create(name, value string, begin func(o *operation)) string {
	c.operations[target.Number(name)] = &operation{begin: begin, value: value, cancel: make(chan struct{})}
	return "created"
}

func (c *channel) Take(step []string) target.Outcome {
	var o target.Outcome
	o.Answer = c.act(step, &o)
	settle()
	for n, one := range c.operations {
		if one.ended && !one.told {
			one.told = true
			o.Woken = append(o.Woken, n)
		}
	}
	sort.Slice(o.Woken, func(i, j int) bool {
		return c.operations[o.Woken[i]].polled < c.operations[o.Woken[j]].polled
	})
	return o
}

func (c *channel) act(step []string, o *target.Outcome) string {
	if (step[0] == "poll" || step[0] == "drop") && c.operations[target.Number(step[1])] == nil {
		return "error"
	}
	switch step[0] {
	case "poll":
		return c.poll(target.Number(step[1]))
	case "drop":
		o.Destroyed = c.drop(target.Number(step[1]))
		return "ok"
	case "advance": // there are no deadlines
		return "ok"
	}
	switch step[1] {
	case "send":
		return c.create(step[4], step[2], c.send)
	case "recv":
		return c.create(step[3], "", c.receive)
	case "try_send":
		return c.trySend(step[2])
	case "try_recv":
		return c.tryReceive()
	case "len":
		return strconv.Itoa(len(c.values))
	case "max_capacity":
		return strconv.Itoa(cap(c.values))
	case "close":
		if !c.closed.Swap(true) { // a second time panics
			close(c.values)
		}
		return "ok"
	}
	panic(fmt.Sprintf("a step beyond the capabilities: %v", step))
}

func (c *channel) Call(step []string) target.Outcome {
	c.together.Do(func() { runtime.GOMAXPROCS(runtime.NumCPU()) })
	o := operation{}
	switch {
	case step[0] != "advance" && step[1] == "send":
		o.value = step[2]
		c.send(&o)
	case step[0] != "advance" && step[1] == "recv":
		c.receive(&o)
	default:
		o.answer = c.act(step, nil)
	}
	return target.Outcome{Answer: o.answer}
}

func (c *channel) End() {
	for n := range c.operations {
		c.drop(n)
	}
}

func main() {
	debug.SetGCPercent(-1) // between programs, for it would run beside them
	common := " try_send try_recv close sender_len sender_max_capacity send_returns_value"
	target.Serve("chan", runtime.Version(), "send recv"+common, "blocking"+common, open)
}
