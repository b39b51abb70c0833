"""Tests of settle."""
