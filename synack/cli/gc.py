"""``synack gc``."""

from __future__ import annotations

from typing import Annotated

import typer

from synack.cli.options import Anonymize, DocumentForm, DocumentFormat, Output, Paths
from synack.cli.reading import key_of, load, shared
from synack.cli.telling import finish, show
from synack.errors import UsageError


def gc(
    paths: Paths,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="NAME=VALUE,...",
            help="Compare with these settings; again for one more column.",
        ),
    ] = None,
    kernel: Annotated[
        str, typer.Option(metavar="RELEASE", help="The kernel, if no uname -a is in the files.")
    ] = "",
    subnet_hosts: Annotated[
        int | None,
        typer.Option(min=1, max=1 << 32, metavar="N", help="Addresses that a new machine may get."),
    ] = None,
    rolled_per_day: Annotated[
        float | None,
        typer.Option(min=0, max=1e9, metavar="N", help="Machines that are replaced a day."),
    ] = None,
    idle: Annotated[
        int,
        typer.Option(
            min=0,
            max=1 << 31,
            metavar="SECONDS",
            help="How long nobody uses an address before a new machine gets it.",
        ),
    ] = 0,
    form: DocumentForm = DocumentFormat.TEXT,
    output: Output = None,
    anonymize: Anonymize = None,
) -> None:
    """Say what the kernel's garbage collection does with these neighbor tables: which entries
    it deletes and when, which never and why, now and with other settings.

    \b
    Reads the last table of each host (ip -s neigh: its ages are needed) and, of the same
    host, sysctl -a and uname -a. Times count from the dump, and hold if from then on nobody
    sends to the entry and nothing confirms it:
      60-75 s             deleted between 60 and 75 s after the dump
      60-75 s, or not     it depends on which entries go first
      stays               never; the last column says why
    What is not in the files is assumed, and said.

    \b
    --subnet-hosts and --rolled-per-day say how often a new machine gets an address whose
    old MAC the host still has. Machines come at random; any address is as likely.

    \b
    Examples:
      synack gc incident/
      (sysctl -a; uname -a) > b1.sysctl.txt; ip -s neigh > b1.neigh.txt; synack gc b1.*
      synack gc incident/ --set net.ipv4.neigh.default.gc_thresh1=0
      synack gc incident/ --kernel 4.4 --subnet-hosts 251 --rolled-per-day 40 --idle 60
      synack gc incident/ --set net.ipv4.neigh.eth0.gc_stale_time=20 -f json
    """
    from synack.forecast import forecasts, proposal
    from synack.neighbors.collection import Arrivals
    from synack.neighbors.kernel import Version

    if (subnet_hosts is None) != (rolled_per_day is None):
        raise UsageError("--subnet-hosts and --rolled-per-day go together")
    if idle and subnet_hosts is None:
        raise UsageError("--idle needs --subnet-hosts and --rolled-per-day")
    if kernel and Version.parse(kernel) is None:
        raise UsageError(f"--kernel {kernel}: not a release such as 6.1 or 3.13.0-24-generic")
    proposals = [proposal(text) for text in settings or ()]
    arrivals = None
    if subnet_hosts is not None and rolled_per_day is not None:
        arrivals = Arrivals(subnet_hosts, rolled_per_day, idle)
    from synack import pipeline
    from synack.report import forecast

    key = key_of(anonymize)
    done = pipeline.run(load(paths, counts_only=True))
    found = forecasts(done, proposals, kernel, arrivals)
    found, loaded = shared((found, done.loaded), done.loaded, key)
    if form == DocumentFormat.JSON:
        show(forecast.to_json(found, loaded.warnings), output, binary=False)
    else:
        show(forecast.to_text(found), output, binary=False)
    finish(loaded, concluded=bool(found), warn=form == DocumentFormat.TEXT)
