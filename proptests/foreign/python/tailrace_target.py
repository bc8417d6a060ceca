"""The target's side of docs/protocol.md, for targets in Python:

    tailrace_target.serve("my-queue", "1.0", "try_send try_recv", MyChannel)

MyChannel(capacity) is one channel with all its handles. Its take(words) takes a step and returns the answer, or the
answer, the numbers of the operations that it woke, and those of the values that were destroyed.
"""

import sys


def outcome(answer, woken=(), destroyed=()):
    text = answer
    if woken:
        text += " ! " + " ".join(f"f{f}" for f in woken)
    if destroyed:
        text += " ~ " + " ".join(f"v{v}" for v in destroyed)
    return text


def number(word):
    """That in a word like f3, v17 or 5ms."""
    return int(word.strip("fimopsvw"))


def serve(name, version, can, open_channel):
    """Speaks until the input ends."""
    print(f"tailrace-target 1\nname {name}\nversion {version}\ncan {can}\nready", flush=True)
    channel = None
    for line in sys.stdin:
        line = line.rstrip("\n")
        words = line.split(" ")
        if words[0] == "trace":
            channel = open_channel(int(words[3]))
            sys.stdout.write(line + "\n")
        elif line == "flush":
            sys.stdout.flush()
        elif line == "end":
            channel = None
            print("end", flush=True)
        elif channel is None:
            print(f"error expected a trace, found '{line}'", flush=True)
        else:
            taken = channel.take(words)
            answer = taken if isinstance(taken, str) else outcome(*taken)
            sys.stdout.write(f"{line} -> {answer}\n")
