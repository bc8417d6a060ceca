# gdb pretty printers for the handles of a channel on std_platform:
#
#     (gdb) source impl/gdb/tailrace_gdb.py
#     (gdb) print tx
#     $1 = tailrace::sender{open, used 2 of 4, waiters, tail 3, head 2, senders 1, weak 0}
#
# used: values, outstanding permits, and permits of waiters. tail: tickets issued; head: values received, both
# modulo 2^36, so tail - head values are buffered.
# After a change here, in detail/word.hpp or in the members of detail/core.hpp run: ci/test -R impl.gdb
import gdb
import gdb.printing

CLOSED, WAITERS, OUT_SHIFT, TAIL_SHIFT = 1, 2, 2, 28  # detail/word.hpp
OUT_MASK, TICKET_MASK = (1 << 26) - 1, (1 << 36) - 1


def number(variable):
    """What is in a std::atomic or std_platform::plain."""
    try:
        return int(variable["value_"])
    except gdb.error:
        return int(variable["_M_i"])


def state_of(core):
    word = number(core["word_"])
    tail, out = word >> TAIL_SHIFT, (word >> OUT_SHIFT) & OUT_MASK
    return "{}, used {} of {}, {}, tail {}, head {}, senders {}, weak {}".format(
        "closed" if word & CLOSED else "open",
        (tail + out - number(core["taken_"])) & TICKET_MASK,
        int(core["max_"]),
        "waiters" if word & WAITERS else "no waiters",
        tail,
        number(core["head_"]) & TICKET_MASK,
        number(core["strong_"]),
        number(core["weak_"]),
    )


class HandlePrinter:
    def __init__(self, name, core, own="", gone="moved from"):
        self.name, self.core, self.own, self.gone = name, core, own, gone

    def to_string(self):
        if int(self.core) == 0:
            return "tailrace::{}{{{}}}".format(self.name, self.gone)
        return "tailrace::{}{{{}{}}}".format(self.name, self.own, state_of(self.core.dereference()))


def sender(value):
    return HandlePrinter("sender", value["core_"])


def receiver(value):
    return HandlePrinter("receiver", value["core_"])


def weak_sender(value):
    return HandlePrinter("weak_sender", value["core_"])


def borrowed(value):
    """The core that is borrowed: its address stands in an integer, whose lowest bit says whether the borrow was counted."""
    core = value.type.strip_typedefs().template_argument(0).pointer()
    return (value["borrow_"]["core_"] & ~1).cast(core)


def permit(value):
    return HandlePrinter("permit", borrowed(value["core_"]), gone="used, or moved from")


def permit_iterator(value):
    return HandlePrinter("permit_iterator", borrowed(value["core_"]), "{} left, ".format(int(value["size_"])))


def owned_permit(value):
    return HandlePrinter("owned_permit", value["sender_"]["core_"], gone="used, or moved from")


def printers():
    collection = gdb.printing.RegexpCollectionPrettyPrinter("tailrace")
    for make in (sender, receiver, weak_sender, permit, permit_iterator, owned_permit):
        pattern = "^tailrace::{}<.*, tailrace::std_platform>$".format(make.__name__)
        collection.add_printer(make.__name__, pattern, make)
    return collection


gdb.printing.register_pretty_printer(gdb.current_objfile(), printers(), replace=True)
