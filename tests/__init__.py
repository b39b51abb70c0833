"""The tests of mailpipe."""
