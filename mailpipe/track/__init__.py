"""track: who has opened what was sent, as far as anybody can know."""
