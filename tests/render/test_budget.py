"""The timer that bounds a message ends with the work, whatever the interpreter still does then."""

import subprocess
import sys

SLOW_END = """
import sys, time
from mailpipe.render.budget import Budget

class Slow:
    def __del__(self, now=time.process_time, work=sum):  # global names are gone by then
        started = now()
        while now() - started < 1.2:
            work(range(10000))

budget = Budget()
sys.modules["slow"] = Slow()
"""


def test_a_tick_while_the_interpreter_ends_kills_nothing() -> None:
    done = subprocess.run([sys.executable, "-c", SLOW_END], capture_output=True, check=False)

    assert (done.returncode, done.stderr) == (0, b"")
