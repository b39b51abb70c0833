"""``python -m bench`` runs every benchmark and prints its ratios."""

from bench import fetch, html, memory, parse, render, send, settle, startup, track

for benchmark in (startup, render, send, fetch, settle, parse, html):
    benchmark.main()
memory.main(100_000, 10_000)
track.main(2000, 20.0)
