"""Computes man/ and completions/ from the commands; ``python -m mailpipe._docs`` writes them."""
