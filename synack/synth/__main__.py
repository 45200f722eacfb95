"""``python -m synack.synth STORY.toml -o FOLDER``."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path

from synack.errors import SynackError
from synack.synth.play import play
from synack.synth.reading import read


def main(arguments: list[str] | None = None) -> int:
    """Exit code 0; 2 for a wrong command line or folder, 3 for a story that cannot be read."""
    parser = argparse.ArgumentParser(
        prog="python -m synack.synth",
        description="Makes captures and neighbor tables out of a story, with the truth beside.",
    )
    parser.add_argument("story", metavar="STORY.toml")
    parser.add_argument("-o", "--out", metavar="FOLDER", type=Path, required=True)
    options = parser.parse_args(arguments)
    try:
        story = read(options.story)
    except SynackError as error:
        return _fail(error, 3)
    try:
        truth = play(story, options.out)
    except SynackError as error:
        return _fail(error, 2)
    outcomes = Counter(attempt["outcome"] for attempt in truth["attempts"])
    counted = ", ".join(f"{n} {outcome}" for outcome, n in outcomes.most_common())
    sys.stdout.write(f"{options.out}: {len(truth['files'])} files; {counted or 'no attempts'}\n")
    return 0


def _fail(error: SynackError, code: int) -> int:
    sys.stderr.write(f"error: {error}\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
