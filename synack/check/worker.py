"""A process that diagnoses one case after another: requests on standard input, answers on
standard output, both one JSON document a line.

Apart from its parent, so that what hangs can be ended and what crashes takes nothing along.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from synack.errors import InputError, UsageError


def main() -> None:
    """Answer until there is no more request."""
    # Nothing else may write where the answers go.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    for line in sys.stdin.buffer:
        answers.write(json.dumps(answer(json.loads(line))) + "\n")
        answers.flush()


def answer(inputs: list[str]) -> dict[str, Any]:
    """The diagnosis as in ``diagnose --format json``, and which inputs could not be read; or
    what went wrong in synack itself."""
    try:
        from synack.api import Diagnosis
        from synack.pipeline import load, run
        from synack.report.json import document

        diagnosis = Diagnosis(run(load(inputs)))
        return {"document": document(diagnosis), "unreadable": diagnosis.unreadable}
    except (InputError, UsageError) as error:
        return {"document": None, "unreadable": [str(error)]}
    except Exception as error:  # the next case may do better
        return {"internal": f"{type(error).__name__}: {error}"}


if __name__ == "__main__":
    main()
