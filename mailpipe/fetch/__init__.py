"""fetch: find messages in a mailbox and hand them out, without changing the mailbox."""
