"""Captures: bounded bytes, containers, frames, and the segments that matter."""
