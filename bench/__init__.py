"""Benchmarks: each measures mailpipe beside a peer or a limit, alternately, and prints the ratio."""
