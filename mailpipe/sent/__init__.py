"""sent: keep a copy of what was sent in the Sent folder."""
