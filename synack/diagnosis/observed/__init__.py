"""What was observed, layer by layer; :class:`~synack.diagnosis.evidence.Case` is all of it, and
what follows from it.

``records`` is what a case is given, and where each piece can be looked up. On it stand
``segments`` (who speaks in which capture), ``claims`` (ARP and ND), ``tables`` (neighbor
entries), and on segments ``homes`` (from which MACs an address really sends). All of them
together are ``everything``; what was sent, and what came of it, stands on that.
"""
