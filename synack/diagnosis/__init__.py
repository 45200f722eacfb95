"""From attempts and neighbor evidence to findings: ordered, pure rules with their reasons.

- ``observed``, ``sendings`` (``forwarded``), ``arrivals``, ``evidence``: what the rules read,
  layer by layer, with what texts say (``context``, ``documents``) and what was known of an address
  over time (``entries``, ``learned``, ``ownership``, ``spells``).
- ``rules``: their order. A wrong MAC (``mismatch``, ``gateway``; ``owners``, ``link``) is that of
  a ``duplicate`` or a ``stale`` entry; ``table_overflow`` and ``others`` explain what is left.
- What a finding says besides: ``view``; ``history``, ``corroboration``, ``confirmation``,
  ``survival`` (``cause``) and ``remedy``; ``alternatives`` (``silence``, ``flow_records``).
- Without handshakes ``audit``; of the applications' logs ``application``.
"""
