"""The command line: parse, call, show, exit. Heavy imports happen inside the commands.

Each command has a module of its name; ``commands`` puts them together. They share ``options``
(what is typed), ``reading`` (from paths to what was found) and ``telling`` (what is left).

Exit codes: 0 done, with or without findings; 1 only with ``--fail-on``, and for ``check`` when
something differs; 2 wrong usage; 3 an input could not be read, or nothing could be
concluded; 4 internal error.
"""

from synack.cli.commands import app, main

__all__ = ["app", "main"]
