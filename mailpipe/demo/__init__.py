"""demo: the whole loop in a temporary folder, told for people."""
