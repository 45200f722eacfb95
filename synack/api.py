"""The Python interface: :func:`diagnose` and what it returns."""

from __future__ import annotations

from functools import cached_property
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from synack.addresses import format_ip
from synack.attempt import Attempt
from synack.frames import Recorded
from synack.handshake.clock import Clock
from synack.handshake.details import details
from synack.handshake.rungs import rungs
from synack.handshake.vantage import Vantage
from synack.model import Finding
from synack.pipeline import Diagnosed, load, run
from synack.report import edges, table
from synack.report.rungs import typical
from synack.wording import NOTHING_CONCLUDED

if TYPE_CHECKING:
    import pandas as pd

    from synack.report.explain import Explanation
    from synack.report.svg import Drawing


def diagnose(*paths: str | PathLike[str]) -> Diagnosis:
    """Diagnose captures, neighbor tables and folders of them.

    Each path is a file, a folder, a glob, an archive, ``-`` for standard input, or
    ``HOST=PATH``. What
    cannot be read is in ``warnings`` and ``errors`` of the result. Raises
    :class:`~synack.errors.UsageError` without a path and
    :class:`~synack.errors.InputError` for a wrong ``incident.toml``.
    """
    return Diagnosis(run(load([fspath(path) for path in paths])))


class Diagnosis:
    """Findings with their evidence, and the tables behind them as plain DataFrames.

    Times are ``datetime64[ns, UTC]``, addresses canonical text, counts ``Int64`` with
    ``<NA>`` where nothing could be observed.
    """

    def __init__(self, diagnosed: Diagnosed, recorded: Recorded | None = None) -> None:
        """``recorded``: the frames behind it; default: as the files have them."""
        self.diagnosed = diagnosed
        self.recorded = recorded or Recorded(diagnosed.loaded)
        self.findings: list[Finding] = diagnosed.findings

    @cached_property
    def attempts(self) -> pd.DataFrame:
        """One row per attempt, the columns of ``synack handshakes``."""
        d = self.diagnosed
        return table.frame(edges.handshakes(d.attempts, d.matched.hosts, d.findings))

    @cached_property
    def attempts_wide(self) -> pd.DataFrame:
        """Likewise, with the columns of ``synack handshakes --wide``."""
        d = self.diagnosed
        shown = edges.handshakes(d.attempts, d.matched.hosts, d.findings)
        wide = edges.wide(details(d.matched, d.attempts, d.paths), d.loaded.files, d.paths)
        return table.frame([*shown, *wide])

    @cached_property
    def neighbors(self) -> pd.DataFrame:
        """One row per entry of every table, the columns of ``synack neighbors``."""
        return table.frame(edges.neighbors(self.diagnosed.entries))

    @cached_property
    def ownership(self) -> pd.DataFrame:
        """Who had which address when: a row for each spell (``first`` to ``last``, gone by
        ``until``) of one MAC by one source; ``kind`` is what says so, the strongest first:
        own-frames, frames, own-addresses, inventory, event, lease, announced, answered, table."""
        return table.frame(edges.ownership(self.diagnosed.ownership))

    @cached_property
    def history(self) -> pd.DataFrame:
        """What each host's neighbor entries said when: a row for each spell of one MAC
        (empty: none in use), by table, monitor or arp (what it must have learned)."""
        return table.frame(edges.history(self.diagnosed.history))

    @cached_property
    def segments(self) -> pd.DataFrame:
        """One row per segment that matters to a handshake, with its frame."""
        d = self.diagnosed
        return table.frame(edges.segments(d.matched, d.loaded.files))

    @cached_property
    def transmissions(self) -> pd.DataFrame:
        """One row per segment that was sent in an attempt, as both ends saw it: ``attempt`` (row
        of ``attempts``), ``leg``, the ``number``-th ``of`` so many, ``sender`` (client or server),
        ``sent_at`` and ``arrived_at`` on the reference clock, ``fate``, ``reason`` if it is
        unwitnessed, ``clock_doubt_ns``, MACs, file and frame at both ends, and between which
        places it vanished. ``<NA>`` at an end that does not have it."""
        d = self.diagnosed
        table_of, _ = rungs(d.matched, d.paths, np.arange(len(d.attempts)))
        return table.frame(edges.transmissions(table_of, d.matched, d.loaded.files, d.paths))

    @cached_property
    def captures(self) -> pd.DataFrame:
        """One row per capture file, the columns of ``synack inspect``."""
        return table.frame(edges.inspection(self.diagnosed.loaded))

    @cached_property
    def clocks(self) -> pd.DataFrame:
        """Per host: offset (s) to the reference, drift (ppm, None where it cannot be told from 0),
        uncertainty (s) and grade."""
        import pandas as pd

        hosts = self.diagnosed.matched.hosts
        return pd.DataFrame([_clock(clock, hosts) for clock in self.diagnosed.matched.clocks])

    @property
    def errors(self) -> list[str]:
        """Inputs of which nothing could be read."""
        return [str(damage) for damage in self.diagnosed.loaded.errors]

    @property
    def unreadable(self) -> list[str]:
        """Why the command would end with exit code 3: inputs of which nothing could be read,
        or nothing to judge in any."""
        says = [*self.errors, *self.diagnosed.loaded.not_understood]
        return says if says or self.diagnosed.concluded else [NOTHING_CONCLUDED]

    @property
    def warnings(self) -> list[str]:
        """Everything that makes the evidence thinner than it looks."""
        loaded = self.diagnosed.loaded
        of_captures = [text for capture in loaded.captures for text in capture.warnings]
        return [*self.errors, *of_captures, *loaded.warnings]

    def anonymized(self, key: bytes) -> Diagnosis:
        """The same under pseudonyms, to be shared: other addresses, MACs, names and paths, the
        same for the same ``key`` (32 bytes; :func:`synack.anonymize.key.read_key` keeps one in
        a file). Ports, times, sequence numbers and interfaces stay."""
        from synack.anonymize.frames import Disguised
        from synack.anonymize.values import disguised, pseudonyms

        by = pseudonyms(self.diagnosed.loaded, key)
        return Diagnosis(disguised(self.diagnosed, by), Disguised(self.diagnosed.loaded, by))

    def attempt(self, number: int) -> Attempt:
        """All that is known of one attempt. ``number``: its row in ``attempts``. Raises
        :class:`IndexError` when there is none."""
        total = len(self.diagnosed.attempts)
        if not 0 <= number < total:
            raise IndexError(f"no attempt {number}: there are {total}, from 0 on")
        return Attempt(self.diagnosed, int(number))

    def plot_ladder(self, number: int | None = None) -> Drawing:
        """What was sent in one attempt, and what became of it. ``number``: its row in
        ``attempts``; without it a typical one of the first finding, else the first.
        Raises :class:`IndexError` when there is none."""
        if number is None:
            found = (typical(self.diagnosed, finding) for finding in self.findings)
            number = next((row for row in found if row is not None), 0)
        return self.attempt(number).plot_ladder()

    def plot_matrix(self) -> Drawing:
        """Outcomes by client and server, those with most failures first."""
        from synack.report import matrix

        return matrix.draw(matrix.matrix(self.diagnosed))

    def plot_timeline(self) -> Drawing:
        """Outcomes by the time at which attempts began, and from when to when each finding
        held."""
        from synack.report import timeline

        return timeline.draw(timeline.timeline(self.diagnosed))

    def plot_ownership(self, ip: str | None = None) -> Drawing:
        """Who had an address when, beside what each host's neighbor entry said of it and what
        became of the attempts. Without ``ip`` it is the address of the first finding that
        names one, else that whose MAC changed most. Raises
        :class:`~synack.errors.UsageError` for what is no IP address."""
        from synack.report import lanes

        return lanes.draw(lanes.lanes(self.diagnosed, ip))

    def to_json(self) -> str:
        """The document of ``synack diagnose --format json``."""
        from synack.report import json

        return json.render(self)

    def to_text(self, color: bool = False) -> str:
        """The report of ``synack diagnose``; ``color``: with escape sequences for a terminal."""
        from synack.report import text

        return text.render(self, color)

    def to_markdown(self) -> str:
        """The postmortem of ``synack diagnose --format markdown``."""
        from synack.report import markdown

        return markdown.render(self)

    def to_html(self) -> str:
        """The page of ``synack diagnose --format html``: one file that loads nothing."""
        from synack.report.html.page import render

        return render(self)

    def annotate(
        self,
        path: str | PathLike[str],
        *findings: int,
        everything: bool = False,
        split: bool = False,
    ) -> list[str]:
        """Write the pcapng of ``synack annotate`` to ``path``: the frames of these ``findings`` (by
        number from 1; none: of all), with ``everything`` all handshakes; ``split``: a file
        per link type. Returns what there is to say of it.

        The captures are read again. Raises :class:`~synack.errors.InputError` where one has
        changed or cannot be, and :class:`~synack.errors.UsageError` for a number that
        is not there, or a ``path`` that cannot be written.
        """
        from synack.report import pcapng

        return pcapng.save(self, Path(path), findings, everything=everything, split=split)

    def explain(self, *findings: int, most: int = 50) -> Explanation:
        """Wireshark's dissection of the evidence of these ``findings`` (by number from 1; none: of
        all), at most ``most`` frames of it, beside what synack reads in them: ``synack explain``.

        Needs tshark. Works in scripts, in coroutines (which it blocks for about a second) and
        in notebooks. Raises as :meth:`annotate`, and
        :class:`~synack.errors.UsageError` without tshark.
        """
        from synack.report.explain import explain

        return explain(self, findings, most)

    def addresses_of(self, vantage: Vantage) -> str:
        """The capturing host's own addresses, as text."""
        return ", ".join(format_ip(*address) for address in sorted(vantage.addresses))

    def _repr_html_(self) -> str:
        from synack.report import notebook

        return notebook.diagnosis(self)

    def __repr__(self) -> str:
        kinds = ", ".join(f"{f.kind} on {f.host}" for f in self.findings) or "no findings"
        return f"<Diagnosis: {len(self.diagnosed.attempts)} attempts, {kinds}>"


def _clock(clock: Clock, hosts: list[str]) -> dict[str, Any]:
    return {
        "host": hosts[clock.host],
        "reference": hosts[clock.reference],
        "offset_s": clock.offset / 1e9,
        "drift_ppm": clock.drift_ppm,
        "uncertainty_s": clock.uncertainty / 1e9,
        "grade": clock.grade,
    }
