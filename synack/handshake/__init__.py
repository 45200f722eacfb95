"""Handshakes: tracked per capture, matched across captures, judged."""
