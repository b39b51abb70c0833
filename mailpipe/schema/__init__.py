"""schema: what records, the configuration and the rules look like, as JSON Schemas."""
