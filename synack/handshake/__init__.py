"""Handshakes: tracked per capture, matched across captures, judged.

The steps in the order of the data, each with the modules that it is made of:

- ``track``: one capture's segments to sightings of attempts (``states``, ``walk``, ``legs``;
  over a host's several interfaces ``interfaces``; ``disorder``, ``fast_open``).
- ``locate``: which host captured, and on which side of each sighting (``vantage``; ``votes``,
  ``comparison``, ``centre``, ``numbering``; ``relayed``, ``barred``, ``astray``, ``contests``,
  ``own_macs``; ``assumed``).
- ``match``: sightings to attempts (``matched``; ``nat``, ``coincidence``, ``resets``).
- ``transmissions``: what was sent, paired with what arrived (``lookalikes``, ``pairing``,
  ``foreign``), on clocks that common packets compare (``clock``; ``bounds``, ``passing``,
  ``rhythm``, ``skew``, ``hulls``).
- ``fates``: what of it arrived, was lost, or nobody knows (``coverage``, ``witness``).
- ``path``: where between the captures it vanished (``stations``, ``order``, ``vanish``).
- ``outcome``: what became of each attempt; ``details`` and ``rungs`` say more of it.
"""
