"""Feeds parse with damaged mail: no exception, exactly one record each, bounded time and memory."""
