"""How to talk: one file per protocol or store."""
