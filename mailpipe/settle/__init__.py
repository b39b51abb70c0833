"""settle: put each routed message where its outcome says."""
