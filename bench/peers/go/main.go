// Go's channel as a contestant. bench/common/contestant.hpp has the protocol.
// After a change here run: ci/bench --contestants go

package main

import (
	"fmt"
	"os"
	"runtime"
	"time"
)

// W1: each value is sent, and received at once.
func oneByOne[T value](make1 func(uint64) T, p parameters) result {
	channel := make(chan T, p.capacity)
	var received tally
	start := time.Now()
	for i := uint64(1); i <= p.messages; i++ {
		select {
		case channel <- make1(i):
		default:
			require(false, "a channel with free capacity was full")
		}
		select {
		case v := <-channel:
			received.add(v.number())
		default:
			require(false, "a channel with a value was empty")
		}
	}
	r := timed(start, p.messages)
	received.check(1, p.messages)
	return r
}

// W2: the channel is filled, then drained, again and again.
func fillAndDrain[T value](make1 func(uint64) T, p parameters) result {
	channel := make(chan T, p.capacity)
	var received tally
	var sent uint64
	start := time.Now()
	for sent < p.messages {
		for k := uint64(0); k < p.capacity; k++ {
			select {
			case channel <- make1(sent + 1):
				sent++
			default:
				require(false, "a channel with free capacity was full")
			}
		}
		for k := uint64(0); k < p.capacity; k++ {
			select {
			case v := <-channel:
				received.add(v.number())
			default:
				require(false, "a channel with a value was empty")
			}
		}
	}
	r := timed(start, sent)
	received.check(1, sent)
	return r
}

// W3 and W4: goroutines that stay on threads of their own. W5 and W6: goroutines, on one thread or two.
func sendersAndReceiver[T value](make1 func(uint64) T, p parameters, threads bool) result {
	each := p.messages / p.senders
	begin := make(chan struct{})
	ended := make(chan result)
	channel := make(chan T, p.capacity)
	if !threads {
		close(begin)
	}
	start := time.Now()
	go func() {
		if threads {
			runtime.LockOSThread()
		}
		<-begin
		var received tally
		if threads {
			start = time.Now()
		}
		for received.count < each*p.senders {
			received.add((<-channel).number())
		}
		r := timed(start, received.count)
		received.check(p.senders, each)
		ended <- r
	}()
	for s := uint64(0); s < p.senders; s++ {
		go func() {
			if threads {
				runtime.LockOSThread()
			}
			<-begin
			for i := uint64(1); i <= each; i++ {
				channel <- make1(i)
			}
		}()
	}
	if threads {
		time.Sleep(2 * time.Millisecond) // all threads are there
		close(begin)
	}
	return <-ended
}

// W8: a value goes to another goroutine and back.
func pingPong[T value](make1 func(uint64) T, p parameters) result {
	there, back := make(chan T, 1), make(chan T, 1)
	ended := make(chan result)
	start := time.Now()
	go func() {
		for i := uint64(0); i < p.messages; i++ {
			back <- <-there
		}
	}()
	go func() {
		var received tally
		for i := uint64(1); i <= p.messages; i++ {
			there <- make1(i)
			received.add((<-back).number())
		}
		r := timed(start, p.messages)
		received.check(1, p.messages)
		ended <- r
	}()
	return <-ended
}

// W10: one value goes to another thread and back, for a while; each of the two ways is a hand-off.
func handOffs[T value](make1 func(uint64) T, p parameters) result {
	there, back := make(chan T, 1), make(chan T, 1)
	runtime.LockOSThread()
	end := busyThreads(p.busy)
	go func() {
		runtime.LockOSThread()
		for {
			v := <-there
			if v.number() == 0 {
				return
			}
			back <- v
		}
	}()
	var received tally
	var trips uint64
	start := time.Now()
	limit := time.Duration(p.milliseconds) * time.Millisecond
	for time.Since(start) < limit {
		trips++
		there <- make1(trips)
		received.add((<-back).number())
	}
	r := timed(start, 2*trips)
	there <- make1(0)
	end()
	received.check(1, trips)
	return r
}

// The memory of channels that were never used, that are full, or that were full once; as Go's allocator counts it.
func memory[T value](make1 func(uint64) T, p parameters, use string) result {
	channels := make([]chan T, p.channels)
	var before, after runtime.MemStats
	var slots uint64
	runtime.GC()
	runtime.ReadMemStats(&before)
	for n := range channels {
		channels[n] = make(chan T, p.capacity)
		if use == "idle" {
			continue
		}
		for k := uint64(1); k <= p.capacity; k++ {
			channels[n] <- make1(k)
		}
		slots += p.capacity
		if use == "drained" {
			var received tally
			for k := uint64(1); k <= p.capacity; k++ {
				received.add((<-channels[n]).number())
			}
			received.check(1, p.capacity)
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	runtime.KeepAlive(channels)
	bytes := uint64(0)
	if after.HeapAlloc > before.HeapAlloc {
		bytes = after.HeapAlloc - before.HeapAlloc
	}
	if use == "filled" {
		return result{slots, bytes, "bytes"}
	}
	return result{p.channels, bytes, "bytes"}
}

func run[T value](make1 func(uint64) T, workload string, p parameters) (result, bool) {
	switch workload {
	case "W1":
		return oneByOne(make1, p), true
	case "W2":
		return fillAndDrain(make1, p), true
	case "W3", "W4":
		runtime.GOMAXPROCS(2)
		return sendersAndReceiver(make1, p, true), true
	case "W5":
		runtime.GOMAXPROCS(1)
		return sendersAndReceiver(make1, p, false), true
	case "W6":
		runtime.GOMAXPROCS(2)
		return sendersAndReceiver(make1, p, false), true
	case "W8":
		runtime.GOMAXPROCS(1)
		return pingPong(make1, p), true
	case "W10": // busy threads have to be as many as elsewhere
		runtime.GOMAXPROCS(2 + int(p.busy))
		return handOffs(make1, p), true
	case "idle", "filled", "drained":
		return memory(make1, p, workload), true
	}
	return result{}, false
}

func main() {
	arguments := os.Args[1:]
	if len(arguments) == 1 && arguments[0] == "list" {
		fmt.Printf("{\"contestant\":\"go\",\"compiler\":\"%s\",\"workloads\":[\"W1\",\"W2\",\"W3\",\"W4\",\"W5\",\"W6\",\"W8\",\"W10\","+
			"\"idle\",\"filled\",\"drained\"]}\n", runtime.Version())
		return
	}
	if len(arguments) < 2 || arguments[0] != "go" {
		fmt.Fprintln(os.Stderr, "expected: list, or go WORKLOAD key=value...")
		os.Exit(2)
	}
	p, err := readParameters(arguments[2:])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	var r result
	known := false
	if p.size == 8 {
		r, known = run(numberedSmall, arguments[1], p)
	} else {
		r, known = run(numberedLarge, arguments[1], p)
	}
	if !known {
		fmt.Fprintf(os.Stderr, "no workload '%s'\n", arguments[1])
		os.Exit(2)
	}
	fmt.Printf("{\"count\":%d,\"%s\":%d}\n", r.count, r.unit, r.amount)
}
