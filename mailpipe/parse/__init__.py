"""parse: messages in, JMAP Email objects out."""
