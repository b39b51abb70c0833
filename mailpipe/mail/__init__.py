"""What a message is, pure: addresses, headers, the MIME tree, charsets, identifiers."""
