"""Tests of mailpipe.route."""
