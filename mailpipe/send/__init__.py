"""Hand messages to a mail server, each at most once."""
