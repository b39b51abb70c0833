"""leases: which messages are in hand, by whom, and how to free what a dead run has left."""
