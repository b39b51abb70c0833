"""render: data objects and a template to finished messages."""
