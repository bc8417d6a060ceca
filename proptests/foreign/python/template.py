#!/usr/bin/env python3
"""A target to start from: a queue of the standard library. Replace the queue by yours, and name what it can do:
docs/protocol.md has the list. Then run: tailrace-verify check-target 'python3 template.py'
"""

import collections

import tailrace_target


class Queue:
    def __init__(self, capacity):
        self.capacity = capacity
        self.values = collections.deque()

    def take(self, step):
        match step:
            case ["s0", "try_send", value] if len(self.values) == self.capacity:
                return f"full {value}"
            case ["s0", "try_send", value]:
                self.values.append(value)
                return "ok"
            case ["r", "try_recv"]:
                return f"some {self.values.popleft()}" if self.values else "empty"
            case ["advance", _]:  # the clock moves: every target answers that
                return "ok"
        raise NotImplementedError(f"a step beyond the capabilities: {step}")


tailrace_target.serve("template", "1", "try_send try_recv", Queue)
