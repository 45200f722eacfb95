"""``synack neighbors``."""

from __future__ import annotations

from synack.cli.options import Anonymize, Output, Paths, TableForm, TableFormat, table_format
from synack.cli.reading import key_of, load, shared
from synack.cli.telling import finish, show


def neighbors(
    paths: Paths,
    form: TableForm = TableFormat.TEXT,
    output: Output = None,
    anonymize: Anonymize = None,
) -> None:
    """List every neighbor (ARP, ND) entry of every dump in one normal form.

    \b
    Reads, known by their content (loops with date lines become a series):
      Linux: ip neigh (also -s, -j, -br, monitor), /proc/net/arp, arp -n, -an, -a
      BSD, macOS, AIX, Solaris: arp -a, ndp -a
      Windows: arp -a, netsh interface ip show neighbors, Get-NetNeighbor
      Cisco, Arista, Junos, PAN-OS: show [ip] arp, show ipv6 neighbors
      RouterOS, Huawei, H3C, FortiOS: /ip arp print, display arp, get system arp
      arpwatch: arp.dat

    \b
    Examples:
      synack neighbors incident/
      ip -s neigh | synack neighbors -
    """
    from synack import pipeline
    from synack.report import edges, table

    key = key_of(anonymize)
    loaded = load(paths)
    done = shared(pipeline.run(loaded), loaded, key)
    shown = edges.neighbors(done.entries)
    show(table.render(shown, table_format(form, output)), output, form == TableFormat.PARQUET)
    finish(done.loaded, concluded=bool(loaded.dumps))
