"""The page itself: the view in the template, with style and script inside.

A Content-Security-Policy lets nothing load and nothing run but what is in the page as this
module wrote it (by its hash). All text from files is escaped by the template engine, after
control and direction characters are spelled out; the script only sets text.
"""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synack import __version__
from synack.report.html.columns import embedded
from synack.report.html.view import page
from synack.report.palette import COLOURS
from synack.report.plain import printable
from synack.report.prose import pieces

if TYPE_CHECKING:
    from jinja2 import Environment

    from synack.api import Diagnosis

_HERE = Path(__file__).parent
_SCRIPTS = ("data", "attempts", "ladder", "drawing", "page")


def render(diagnosis: Diagnosis) -> str:
    """The whole page; the same input gives the same bytes."""
    from markupsafe import Markup

    data, number = embedded(diagnosis.diagnosed)
    style = (_HERE / "page.css").read_text("utf-8") + _colours()
    script = "\n".join((_HERE / "script" / f"{n}.js").read_text("utf-8") for n in _SCRIPTS)
    return (
        _environment()
        .get_template("page.html.j2")
        .render(
            page=page(diagnosis, number),
            policy=_policy(style, script),
            style=Markup(style),  # noqa: S704
            script=Markup(script),  # noqa: S704
            data=data,
            version=__version__,
        )
    )


def _colours() -> str:
    """Of outcomes, the same as in the drawings."""
    lines = (f'[data-is="{name}"] {{ --is: {colour}; }}\n' for name, colour in COLOURS.items())
    return "".join(lines)


def _policy(style: str, script: str) -> str:
    """Nothing but these two; ``data:`` for the empty icon that keeps browsers from asking for
    one."""
    hashes = [base64.b64encode(hashlib.sha256(s.encode()).digest()).decode()
              for s in (style, script)]  # fmt: skip
    return (
        f"default-src 'none'; style-src 'sha256-{hashes[0]}'; script-src 'sha256-{hashes[1]}';"
        " img-src data:; base-uri 'none'; form-action 'none'"
    )


def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=FileSystemLoader(_HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_spelled,
    )
    environment.filters["pieces"] = pieces
    # All text in our own drawings is escaped by them.
    environment.filters["drawing"] = Markup
    return environment


def _spelled(value: Any) -> Any:
    """Text without characters that could change what is seen; markup is our own."""
    return value if hasattr(value, "__html__") or not isinstance(value, str) else printable(value)
