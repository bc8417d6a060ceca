// Package target is the target's side of docs/protocol.md, for targets in Go:
//
//	target.Serve("my-queue", "1.0", "try_send try_recv", open)
//
// After a change here run: ci/foreign
package target

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// Channel is one channel with all its handles, for one program.
type Channel interface {
	// Take takes the step, given as its words, and says all that could be seen of it.
	Take(step []string) Outcome
	// End ends what is left: the program has ended.
	End()
}

// Outcome is `<answer> [! f0 ..] [~ v1 ..]`.
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

// Serve speaks until the input ends.
func Serve(name, version, can string, open func(capacity int) Channel) {
	out := bufio.NewWriter(os.Stdout)
	fmt.Fprintf(out, "tailrace-target 1\nname %s\nversion %s\ncan %s\nready\n", name, version, can)
	out.Flush()
	var channel Channel
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		line := in.Text()
		words := strings.Split(line, " ")
		switch {
		case words[0] == "trace":
			channel = open(Number(words[3]))
			fmt.Fprintln(out, line)
		case line == "flush":
			out.Flush()
		case line == "end":
			channel.End()
			channel = nil
			fmt.Fprintln(out, "end")
			out.Flush()
		case channel == nil:
			fmt.Fprintf(out, "error expected a trace, found '%s'\n", line)
		default:
			fmt.Fprintf(out, "%s -> %s\n", line, channel.Take(words))
		}
	}
	out.Flush()
}
