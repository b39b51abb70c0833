"""Tests of sent."""
