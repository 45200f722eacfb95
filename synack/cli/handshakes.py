"""``synack handshakes``."""

from __future__ import annotations

from typing import Annotated

import typer

from synack.cli.options import (
    Anonymize,
    Output,
    Paths,
    TableForm,
    TableFormat,
    completed,
    named,
    table_format,
)
from synack.cli.reading import key_of, load, shared
from synack.cli.telling import finish, show
from synack.model import OUTCOMES

_FOR_TABLES = ("synack.pipeline", "synack.report.edges", "synack.report.table")


def _complete_outcomes(incomplete: str) -> list[str]:
    return completed(OUTCOMES, incomplete)


def handshakes(
    paths: Paths,
    wide: Annotated[
        bool,
        typer.Option("--wide", "-w", help="More columns: fates, delays, and where to look."),
    ] = False,
    only: Annotated[
        str | None,
        typer.Option(
            metavar="OUTCOME,...",
            help="Only attempts with one of these outcomes.",
            autocompletion=_complete_outcomes,
        ),
    ] = None,
    form: TableForm = TableFormat.TEXT,
    output: Output = None,
    anonymize: Anonymize = None,
) -> None:
    """List every connection attempt: its outcome, and what was sent and received of each leg.

    A count that nobody could observe is empty (- in text); 0 means that a capture would
    have shown it.

    \b
    --wide adds, for LEG syn, syn_ack and ack:
      LEG_lost, LEG_misdelivered, LEG_unwitnessed
                          what became of LEG_sent; the rest was delivered
      reason              why inconclusive, or why something is unwitnessed
      syn_delay_min_ns, syn_delay_max_ns,
      syn_ack_delay_min_ns, syn_ack_delay_max_ns
                          how long it was on its way, if it was sent once
      clock_doubt_ns      what the two clocks may be apart, once aligned
      copies              packets that a capture recorded once more
      last                time of the last segment
      client_state, server_state
                          how far each capture saw it get
      client_file, client_frame, server_file, server_frame
                          its first segment, for Wireshark
      path                the captures that saw it, from client to server
      vanished            what was lost, and between which of them
      translated_client, translated_client_port,
      translated_server, translated_server_port
                          what the server's side sees behind NAT

    \b
    Examples:
      synack handshakes incident/
      synack handshakes incident/ --wide --only syn-ack-lost,inconclusive
      synack handshakes incident/ --format csv -o attempts.csv
      synack handshakes incident/ -f ndjson | jq 'select(.outcome != "completed")'
    """
    outcomes = [] if only is None else _outcomes(only)
    key = key_of(anonymize)
    written = table_format(form, output)
    loaded = load(paths, *_FOR_TABLES, *(["pyarrow.parquet"] if written == "parquet" else []))
    import numpy as np

    from synack import pipeline
    from synack.report import edges, table
    from synack.tables import SEGMENTS, Table

    done = shared(pipeline.run(loaded), loaded, key)
    tables = [done.attempts]
    if wide:
        from synack.handshake.details import details

        tables.append(details(done.matched, done.attempts, done.paths))
    if only is not None:
        kept = np.flatnonzero(np.isin(done.attempts["outcome"], outcomes))
        tables = [rows.take(kept) for rows in tables]
    shown = edges.handshakes(tables[0], done.matched.hosts, done.findings)
    if wide:
        shown += edges.wide(tables[1], done.loaded.files, done.paths)
    loaded, attempts = done.loaded, len(done.attempts)
    # Writing takes memory of its own, and needs no more than what is shown.
    loaded.segments = Table.empty(SEGMENTS)
    del done, tables
    show(table.render(shown, written), output, written == "parquet")
    finish(loaded, concluded=attempts > 0)


def _outcomes(text: str) -> list[int]:
    """The numbers of outcomes that are separated by commas."""
    return [OUTCOMES.index(name) for name in named("--only", "outcome", text, OUTCOMES)]
