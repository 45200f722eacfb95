"""``synack explain``."""

from __future__ import annotations

from typing import Annotated

import typer

from synack.cli.options import (
    Anonymize,
    Color,
    Colored,
    DocumentForm,
    DocumentFormat,
    Findings,
    Output,
    Paths,
    colored,
)
from synack.cli.reading import diagnosed, readable_twice
from synack.cli.telling import finish, show


def explain(
    paths: Paths,
    findings: Findings = None,
    most: Annotated[
        int, typer.Option(min=1, max=50, metavar="N", help="So many frames at most.")
    ] = 12,
    form: DocumentForm = DocumentFormat.TEXT,
    output: Output = None,
    anonymize: Anonymize = None,
    color: Colored = Color.AUTO,
) -> None:
    """Show the frames of the evidence as Wireshark dissects them, beside what synack reads in
    them, and every field in which the two differ.

    \b
    Of each statement of the evidence there are as many frames as of the others, up to
    --most in all. Needs tshark. To look at all of them: synack annotate.

    \b
    Exit codes: 2 also without tshark, 3 also where a capture cannot be read again.

    \b
    Examples:
      synack explain incident/ | less
      synack explain incident/ --finding 1 --most 50
      synack explain incident/ -f json | jq '.frames[].compared[] | select(.differs)'
    """
    from synack.report import dissect

    readable_twice(paths)
    dissect.find_tshark()
    diagnosis = diagnosed(paths, anonymize)
    explanation = diagnosis.explain(*findings or (), most=most)
    if form == DocumentFormat.JSON:
        show(explanation.to_json(), output, binary=False)
    else:
        show(explanation.to_text(colored(color, output)), output, binary=False)
    finish(diagnosis.diagnosed.loaded, diagnosis.diagnosed.concluded)
