#!/usr/bin/env python3
"""asyncio.Queue as a target of the checking kit. put() and get() are polled by hand: send() to the coroutine is a poll,
and the future on which it waits says when it is woken.

After a change here run: ci/foreign
"""

import asyncio
import platform

import tailrace_target
from tailrace_target import number


class Value:
    """Says when it is destroyed, unless it was handed back: CPython destroys what is not referred to any more at once."""

    def __init__(self, name, destroyed):
        self.name = name
        self.destroyed = destroyed

    def accept(self):
        self.destroyed = None
        return self.name

    def __del__(self):
        if self.destroyed is not None:
            self.destroyed.append(number(self.name))


class Operation:
    """A coroutine; `done` makes an answer of what it returns."""

    def __init__(self, coroutine, done):
        self.coroutine = coroutine
        self.done = done
        self.awaited = None

    def poll(self, wake):
        if self.awaited is not None and not self.awaited.done():
            return "pending"
        try:
            self.awaited = self.coroutine.send(None)
        except StopIteration as end:
            return self.done(end.value)
        self.awaited._asyncio_future_blocking = False  # what a task does, too
        self.awaited.add_done_callback(wake)
        return "pending"


class Channel:
    def __init__(self, capacity):
        self.queue = asyncio.Queue(capacity)
        self.operations = {}
        self.woken = []
        self.destroyed = []

    def take(self, step):
        self.woken.clear()
        self.destroyed.clear()
        answer = LOOP.run_until_complete(self.inside(step))
        return answer, [f for f in self.woken if f in self.operations], self.destroyed

    async def inside(self, step):
        answer = self.act(step)
        await asyncio.sleep(0)  # futures that are done say so in the next turn of the loop
        return answer

    def act(self, step):
        match step:
            case ["poll", name]:
                operation = self.operations[number(name)]
                answer = operation.poll(lambda _: self.woken.append(number(name)))
                if answer != "pending":
                    del self.operations[number(name)]
                return answer
            case ["drop", name]:
                self.operations.pop(number(name)).coroutine.close()
                return "ok"
            case ["advance", _]:  # there are no deadlines
                return "ok"
            case ["s0", "send", value, "as", name]:
                put = self.queue.put(Value(value, self.destroyed))
                self.operations[number(name)] = Operation(put, lambda _: "ok")
                return "created"
            case ["r", "recv", "as", name]:
                self.operations[number(name)] = Operation(self.queue.get(), lambda v: f"some {v.accept()}")
                return "created"
            case ["s0", "try_send", name]:
                value = Value(name, self.destroyed)
                try:
                    self.queue.put_nowait(value)
                except asyncio.QueueFull:
                    return f"full {value.accept()}"
                return "ok"
            case ["r", "try_recv"]:
                try:
                    return f"some {self.queue.get_nowait().accept()}"
                except asyncio.QueueEmpty:
                    return "empty"
            case ["s0", "len"]:
                return str(self.queue.qsize())
            case ["s0", "max_capacity"]:
                return str(self.queue.maxsize)
        raise NotImplementedError(f"a step beyond the capabilities: {step}")


LOOP = asyncio.new_event_loop()
CAN = "send try_send recv try_recv sender_len sender_max_capacity"
tailrace_target.serve("asyncio.Queue", platform.python_version(), CAN, Channel)
