"""Tests of mailpipe.wire."""
