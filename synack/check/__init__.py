"""Expected findings against found ones: every ``case.toml`` is a test of the diagnosis.

``case`` reads what is expected, ``worker`` diagnoses in a process of its own, ``compare``
says what differs, ``run`` does many side by side, ``update`` writes new expectations.
"""

TIMEOUT_S = 300
"""A case of recorded handshakes takes well under a second."""
