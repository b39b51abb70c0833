"""route: which rule a parsed message meets first, and what its handler makes of it."""
