"""``synack inspect``."""

from __future__ import annotations

from synack.cli.options import Anonymize, Output, Paths, TableForm, TableFormat, table_format
from synack.cli.reading import key_of, load, shared
from synack.cli.telling import finish, show


def inspect(
    paths: Paths,
    form: TableForm = TableFormat.TEXT,
    output: Output = None,
    anonymize: Anonymize = None,
) -> None:
    """Say what each file is: kind, host, interface, link type, span, drops, damage.

    \b
    Examples:
      synack inspect incident/
      synack inspect *.pcap.gz --format json
    """
    from synack.report import edges, table

    key = key_of(anonymize)
    loaded = load(paths, counts_only=True)
    loaded = shared(loaded, loaded, key)
    shown = edges.inspection(loaded)
    show(table.render(shown, table_format(form, output)), output, form == TableFormat.PARQUET)
    finish(loaded, concluded=bool(loaded.captures or loaded.dumps or loaded.readings))
