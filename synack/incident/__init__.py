"""A heap of files to an incident: what each file is, and whose.

Content decides what a file is, never its name. Whose it is follows, in this order,
from ``HOST=PATH``, from an ``incident.toml`` in its folder, from its name
(``broker-1-eth0.pcap3.gz``, ``broker-1.neigh.txt``), from the folder that is named
after a host, and, for a table, from the addresses in it (:func:`names.whose`).

``collect`` finds the files behind the paths that the user gives, ``overrides`` reads an
``incident.toml``, ``names`` what a file's name spells; ``sources`` is what comes of it.
"""
