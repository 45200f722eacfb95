"""One attempt, with all that is known of it: what :meth:`synack.Diagnosis.attempt` gives."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from synack.handshake.rungs import rungs
from synack.model import Finding
from synack.report import edges, table
from synack.report.rungs import Ladder, ladders

if TYPE_CHECKING:
    import pandas as pd

    from synack.pipeline import Diagnosed
    from synack.report.svg import Drawing


class Attempt:
    """One connection attempt. A notebook shows it with its ladder."""

    number: int
    """Its row in the attempts."""
    ladder: Ladder
    """What was sent in it, in order of time, as both ends and the taps between saw it."""

    def __init__(self, diagnosed: Diagnosed, number: int) -> None:
        self._diagnosed = diagnosed
        self.number = number
        (self.ladder,) = ladders(diagnosed, [number])

    @property
    def client(self) -> str:
        """Address and port, ``10.0.1.77:40002``, ``[2001:db8::1]:40002``."""
        return self.ladder.client

    @property
    def server(self) -> str:
        """Likewise."""
        return self.ladder.server

    @property
    def outcome(self) -> str:
        """``completed``, ``syn-ack-lost``...: one of the README's table."""
        return self.ladder.outcome

    @property
    def reason(self) -> str:
        """Why it is ``inconclusive``, else ""."""
        return self.ladder.reason

    @property
    def finding(self) -> Finding | None:
        """What explains it; None if nothing does, or nothing need."""
        place = int(self._diagnosed.attempts["finding"][self.number])
        return self._diagnosed.findings[place] if place >= 0 else None

    @cached_property
    def transmissions(self) -> pd.DataFrame:
        """Its rows of :attr:`synack.Diagnosis.transmissions`."""
        d = self._diagnosed
        found, _ = rungs(d.matched, d.paths, np.array([self.number]))
        return table.frame(edges.transmissions(found, d.matched, d.loaded.files, d.paths))

    def plot_ladder(self) -> Drawing:
        """Its ladder; the destination MAC that the finding names as stale is marked."""
        from synack.report import ladder

        stale = self.finding.stale_mac if self.finding else ""
        return ladder.draw(self.ladder, {stale} - {""})

    def to_text(self) -> str:
        """Its ladder in characters, 80 columns wide."""
        from synack.report.ladder_text import lines

        return "\n".join(lines(self.ladder, shown=max(len(self.ladder.rungs), 2))) + "\n"

    def _repr_html_(self) -> str:
        from synack.report import notebook

        return notebook.attempt(self)

    def __repr__(self) -> str:
        return f"<Attempt {self.number}: {self.client} to {self.server}, {self.outcome}>"
