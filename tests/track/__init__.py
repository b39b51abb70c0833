"""Tests of track."""
