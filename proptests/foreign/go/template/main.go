// A target to start from: a queue of a slice. Replace the queue by yours, and name what it can do: docs/protocol.md has
// the list. Then run: tailrace-verify check-target COMMAND
package main

import (
	"fmt"
	"sync"

	"tailrace.example/targets/target"
)

type queue struct {
	lock     sync.Mutex // without one it could take no tasks
	capacity int
	values   []string
}

func (q *queue) Take(step []string) target.Outcome {
	switch {
	case step[0] == "s0" && step[1] == "try_send":
		if len(q.values) == q.capacity {
			return target.Outcome{Answer: "full " + step[2]}
		}
		q.values = append(q.values, step[2])
		return target.Outcome{Answer: "ok"}
	case step[0] == "r" && step[1] == "try_recv":
		if len(q.values) == 0 {
			return target.Outcome{Answer: "empty"}
		}
		first := q.values[0]
		q.values = q.values[1:]
		return target.Outcome{Answer: "some " + first}
	case step[0] == "advance": // the clock moves: every target answers that
		return target.Outcome{Answer: "ok"}
	}
	panic(fmt.Sprintf("a step beyond the capabilities: %v", step))
}

func (q *queue) Call(step []string) target.Outcome {
	q.lock.Lock()
	defer q.lock.Unlock()
	return q.Take(step)
}

func (q *queue) End() {}

func main() {
	open := func(capacity int) target.Channel { return &queue{capacity: capacity} }
	target.Serve("template", "1", "try_send try_recv", "try_send try_recv", open)
}
