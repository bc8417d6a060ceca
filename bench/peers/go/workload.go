// What the workloads share: values, parameters, results, the check of counts. The same as bench/common/workload.hpp in C++.

package main

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

type small uint64
type large [8]uint64

func (v small) number() uint64 { return uint64(v) }
func (v large) number() uint64 { return v[7] }

func numberedSmall(n uint64) small { return small(n) }
func numberedLarge(n uint64) large { return large{n, n, n, n, n, n, n, n} }

type value interface {
	small | large
	number() uint64
}

type parameters struct {
	size, capacity, messages, senders, busy, milliseconds, channels uint64
}

func readParameters(arguments []string) (parameters, error) {
	p := parameters{8, 64, 100000, 1, 0, 100, 1}
	places := map[string]*uint64{"size": &p.size, "capacity": &p.capacity, "messages": &p.messages, "senders": &p.senders,
		"busy": &p.busy, "milliseconds": &p.milliseconds, "channels": &p.channels}
	for _, argument := range arguments {
		key, text, _ := strings.Cut(argument, "=")
		number, err := strconv.ParseUint(text, 10, 64)
		if places[key] == nil || err != nil {
			return p, fmt.Errorf("unknown parameter '%s'", argument)
		}
		*places[key] = number
	}
	if (p.size != 8 && p.size != 64) || p.capacity == 0 || p.senders == 0 || p.channels == 0 {
		return p, fmt.Errorf("size is 8 or 64, and nothing is 0")
	}
	return p, nil
}

type result struct {
	count, amount uint64
	unit          string
}

func timed(start time.Time, count uint64) result {
	return result{count, uint64(time.Since(start).Nanoseconds()), "nanoseconds"}
}

// A contestant that loses a value must not have a time.
func require(condition bool, what string) {
	if !condition {
		fmt.Fprintln(os.Stderr, "wrong result:", what)
		os.Exit(1)
	}
}

// The numbers that a receiver got, and what they have to add up to: each sender sends 1, 2, ... each.
type tally struct {
	count, sum uint64
}

func (t *tally) add(number uint64) {
	t.count++
	t.sum += number
}

func (t *tally) check(senders, each uint64) {
	require(t.count == senders*each, "the number of messages")
	require(t.sum == senders*(each*(each+1)/2), "the sum of all messages")
}

// Goroutines on threads of their own that do nothing but use a processor. The function that is returned ends them.
func busyThreads(count uint64) func() {
	var stop atomic.Bool
	var all sync.WaitGroup
	for ; count > 0; count-- {
		all.Add(1)
		go func() {
			runtime.LockOSThread()
			for !stop.Load() {
			}
			all.Done()
		}()
	}
	return func() {
		stop.Store(true)
		all.Wait()
	}
}
