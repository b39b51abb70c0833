"""Runs a pattern over a text in time that grows with both and never more (Pike's algorithm).

All the ways a pattern can still match are followed at the same time, one character after the other, so
that no text can make it try again and again (CWE-1333).
"""

from mailpipe.route.pattern import Program

Slots = tuple[int, ...]
_Threads = list[tuple[int, Slots]]


def search(program: Program, text: str) -> dict[str, str] | None:
    """The captures of the leftmost match, by name; None if there is none.

    Only the first ``program.longest`` characters are looked at.
    """
    text = text[: program.longest]
    slots = _run(program, text)
    if slots is None:
        return None
    pairs = zip(program.names, slots[::2], slots[1::2], strict=True)
    return {name: text[start:end] for name, start, end in pairs if start >= 0 <= end}


def _run(program: Program, text: str) -> Slots | None:
    steps, first = program.steps, program.first
    none: Slots = (-1,) * (2 * len(program.names))
    threads: _Threads = []
    found: Slots | None = None
    for at in range(len(text) + 1):
        if not threads:
            if found is not None:
                return found
            if first is not None and (at == len(text) or not first(text[at])):
                continue
        ready: _Threads = []
        seen: set[int] = set()
        for pc, slots in threads:
            _follow(program, text, at, pc, slots, ready, seen)
        if found is None:
            _follow(program, text, at, 0, none, ready, seen)  # a match that begins here: the last choice
        threads = []
        for pc, slots in ready:
            test = steps[pc].test
            if test is None:  # the end of the pattern: what comes after is a lesser choice
                found = slots
                break
            if at < len(text) and test(text, at):
                threads.append((pc + 1, slots))
    return found


def _follow(
    program: Program, text: str, at: int, pc: int, slots: Slots, ready: _Threads, seen: set[int]
) -> None:
    """Add every instruction that consumes a character, or ends, and can be reached from ``pc``."""
    stack = [(pc, slots)]
    while stack:
        pc, slots = stack.pop()
        if pc in seen:
            continue
        seen.add(pc)
        step = program.steps[pc]
        if step.kind == "jump":
            stack.append((step.a, slots))
        elif step.kind == "split":
            stack += [(step.b, slots), (step.a, slots)]
        elif step.kind == "save":
            stack.append((pc + 1, (*slots[: step.a], at, *slots[step.a + 1 :])))
        elif step.kind == "assert":
            if step.test is not None and step.test(text, at):
                stack.append((pc + 1, slots))
        else:
            ready.append((pc, slots))
