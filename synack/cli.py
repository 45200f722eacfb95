"""The command line: parse, call, show, exit. Heavy imports happen inside the commands.

Exit codes: 0 done, with or without findings; 1 only with ``--fail-on``, and for ``check`` when
something differs; 2 wrong usage; 3 an input could not be read, or nothing could be
concluded; 4 internal error.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from contextlib import suppress
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from synack import __version__
from synack.check import TIMEOUT_S
from synack.errors import InputError, UsageError
from synack.model import FINDING_KINDS, OUTCOMES
from synack.wording import NOTHING_CONCLUDED

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from synack.api import Diagnosis
    from synack.check.run import Result
    from synack.loading import Loaded

T = TypeVar("T")

DONE, DIFFERENT, USAGE, UNREADABLE, INTERNAL = range(5)

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Paths = Annotated[
    list[str],
    typer.Argument(
        metavar="PATH...",
        help="Captures, table dumps, folders and archives of them, globs, - for standard input;"
        " HOST=PATH names the host a file is from.",
    ),
]
Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="FILE", help="Write to FILE, whole or not at all."),
]


class Color(StrEnum):
    """When to use colour."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


Colored = Annotated[
    Color,
    typer.Option("--color", help="Colour; auto: on a terminal, unless NO_COLOR is set."),
]
Findings = Annotated[
    list[int] | None,
    typer.Option(
        "--finding", "-n", min=1, metavar="N", help="Only the finding of this number; repeatable."
    ),
]
Anonymize = Annotated[
    Path | None,
    typer.Option(
        metavar="KEYFILE",
        help="Other addresses and names in place of the real ones, to share the result; one key"
        " gives the same in every output. A file that is not there is made, with a new key.",
    ),
]


class ReportFormat(StrEnum):
    """Formats of a diagnosis."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"
    HTML = "html"
    GITHUB = "github"
    JUNIT = "junit"


class DocumentFormat(StrEnum):
    """Formats of a report that is no table."""

    TEXT = "text"
    JSON = "json"


class CheckFormat(StrEnum):
    """Formats of judged cases."""

    TEXT = "text"
    JSON = "json"
    JUNIT = "junit"
    GITHUB = "github"
    MARKDOWN = "markdown"


class TableFormat(StrEnum):
    """Formats of a table."""

    TEXT = "text"
    CSV = "csv"
    JSON = "json"
    NDJSON = "ndjson"
    PARQUET = "parquet"


ReportForm = Annotated[
    ReportFormat,
    typer.Option(
        "--format", "-f", help="Report for people or programs; -o x.html, x.json, x.md say it too."
    ),
]
TableForm = Annotated[
    TableFormat, typer.Option("--format", "-f", help="Format of the table; -o x.csv says it too.")
]


def _version(wanted: bool) -> None:
    if wanted:
        from synack.capture.scan import COMPILED

        typer.echo(f"synack {__version__} ({'compiled' if COMPILED else 'uncompiled'} scan)")
        raise typer.Exit


@app.callback()
def _top(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Find the SYN-ACKs that were sent and never received, and the stale IP-to-MAC entry
    that swallowed them.

    \b
    Put the captures of both ends and the neighbor tables into one folder:
      incident/broker-1-eth0.pcap      tcpdump -i eth0 -nn -s 128 -w ...
      incident/broker-1.neigh.txt      (date -u; ip -s neigh) >> ...
      incident/producer-7-eth0.pcap
    \b
    Then:
      synack diagnose incident/        what went wrong, and what to type now
      synack handshakes incident/      every connection attempt, one line each
      synack inspect incident/         what each file is, and whose
      synack annotate incident/ -o F   the evidence for Wireshark, each packet explained
      synack explain incident/         the evidence as Wireshark dissects it
      synack gc incident/              which entries the kernel would delete, and when
      synack demo                      the same on a built-in incident
      synack check fixtures/           recorded incidents still get their verdicts
    \b
    Exit codes: 0 done, findings or not; 1 only with diagnose --fail-on, and when check
    finds a difference; 2 wrong usage; 3 an input could not be read, or nothing could be
    concluded from any; 4 internal error.
    """


def _completed(names: Sequence[str], incomplete: str) -> list[str]:
    """The last of the words that are separated by commas, completed."""
    before, comma, word = incomplete.rpartition(",")
    return [f"{before}{comma}{name}" for name in names if name.startswith(word)]


def _complete_kinds(incomplete: str) -> list[str]:
    return _completed([ANY, *FINDING_KINDS], incomplete)


def _complete_outcomes(incomplete: str) -> list[str]:
    return _completed(OUTCOMES, incomplete)


ANY = "any"
"""``--fail-on any``: whatever is found."""


@app.command()
def diagnose(
    paths: Paths,
    form: ReportForm = ReportFormat.TEXT,
    output: Output = None,
    fail_on: Annotated[
        str | None,
        typer.Option(
            metavar="KIND,...",
            help="Exit with 1 if there is a finding of one of these kinds; 'any' is all of them.",
            autocompletion=_complete_kinds,
        ),
    ] = None,
    anonymize: Anonymize = None,
    color: Colored = Color.AUTO,
) -> None:
    """Say what went wrong: findings, their evidence, and what to do now.

    \b
    Formats:
      text      for people (default)
      json      for programs: schema synack.diagnosis/1
      markdown  a postmortem to build on
      html      a page to look into: ladders, every attempt; one file that loads nothing
      github    annotations, in a GitHub Actions job
      junit     XML for CI servers: a test for each kind of finding
    With --fail-on only findings of these kinds are errors in github and junit.
    \b
    Kinds of findings:
      stale-neighbor, duplicate-address, unresolved-neighbor, syn-ack-lost, syn-lost,
      ack-lost, no-reply, listen-overflow, refused, rejected, unreachable, challenged,
      asymmetric-path, capture-gap
    \b
    Exit codes:
      0 done, findings or not    1 only with --fail-on: such a finding is there
      2 wrong usage              3 an input could not be read, or nothing concluded
      4 internal error
    \b
    Examples:
      synack diagnose incident/
      synack diagnose broker-1=a.pcap producer-7=b.pcap broker-1=arp.txt
      synack diagnose incident/ --format json | jq '.findings[].summary'
      synack diagnose incident/ -o postmortem.html
      synack diagnose nightly/ --fail-on stale-neighbor,duplicate-address
    """
    failing = FINDING_KINDS if fail_on is None else _kinds(fail_on)
    found = _diagnose(paths, form, output, failing, anonymize, color)
    if fail_on is not None and not found.isdisjoint(failing):
        raise typer.Exit(DIFFERENT)


@app.command()
def check(
    places: Annotated[
        list[str],
        typer.Argument(metavar="DIR...", help="Folders with case.toml files anywhere below."),
    ],
    form: Annotated[
        CheckFormat, typer.Option("--format", "-f", help="Report for people or programs.")
    ] = CheckFormat.TEXT,
    output: Output = None,
    pattern: Annotated[
        str | None,
        typer.Option(
            "-k",
            metavar="PATTERN",
            help="Only cases whose folder's path contains this, or fits it with * ? [].",
        ),
    ] = None,
    update: Annotated[
        bool,
        typer.Option("--update", help="Write what was found as what is expected, for review."),
    ] = False,
    jobs: Annotated[
        int | None,
        typer.Option("--jobs", "-j", min=1, help="So many at a time.  [default: processors]"),
    ] = None,
    timeout: Annotated[
        float,
        typer.Option(
            min=0.1, max=86_400, metavar="SECONDS", help="A case that takes longer is ended."
        ),
    ] = TIMEOUT_S,
) -> None:
    """Diagnose every case below folders and compare with what its case.toml expects.

    \b
    A case.toml beside captures and tables:
      title = "Broker keeps the MAC of a terminated producer"
      inputs = ["."]
      [expect]
      findings = [{kind = "stale-neighbor", host = "broker-1", confidence = ">=probable"}]
      absent = ["duplicate-address"]
      outcomes = {completed = 20, "syn-ack-lost" = 6}
      exact = true                     # no other findings
    inputs: paths from its folder, as diagnose takes them. Of a finding any key of diagnose
    --format json can be given; confidence may be a bound (>= or <=), a time may end
    early (2026-09-16T14:02), of evidence the ids. An outcome that is not named must not
    occur. What is left out is not compared.
    \b
    Formats: text, json (schema synack.check/1), junit, github (annotations at the line of
    what differs), markdown (for a job's summary). Two runs give the same bytes.
    \b
    Exit codes:
      0 all as expected, or updated     1 something differs
      2 wrong usage, or no case found   3 a case or an input could not be read (in time)
      4 internal error
    \b
    Examples:
      synack check fixtures/
      synack check fixtures/ -k stale --format junit -o synack.xml
      synack check fixtures/stale-arp --update && git diff fixtures/
    """
    from synack.check import run
    from synack.check.update import update as write_expected

    # A job that is cancelled leaves no process behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    results = run.check(run.find(places, pattern), jobs, timeout)
    if update:
        for result in results:
            write_expected(result)
    _show(_rendered_checks(results, form), output, binary=False)
    if output is not None:
        from synack.report import checks

        _say(checks.verdict(results))
    raise typer.Exit(_code(results))


def _rendered_checks(results: list[Result], form: CheckFormat) -> str:
    from synack.report import checks, github, junit, markdown

    renderers = {
        CheckFormat.TEXT: checks.text,
        CheckFormat.JSON: checks.document,
        CheckFormat.JUNIT: junit.render_checks,
        CheckFormat.GITHUB: github.render_checks,
        CheckFormat.MARKDOWN: markdown.render_checks,
    }
    return renderers[form](results)


def _code(results: list[Result]) -> int:
    """The worst that happened."""
    from synack.check.run import Status

    left = {result.status for result in results if not result.updated}
    if Status.CRASHED in left:
        return INTERNAL
    if left & {Status.UNREADABLE, Status.TIMED_OUT}:
        return UNREADABLE
    return DIFFERENT if Status.DIFFERENT in left else DONE


@app.command()
def demo(
    form: ReportForm = ReportFormat.TEXT,
    output: Output = None,
    anonymize: Anonymize = None,
    color: Colored = Color.AUTO,
) -> None:
    """Diagnose the built-in incident: a broker that still has a terminated producer's MAC."""
    here = Path(__file__).parent
    # An installed package carries the fixture; a checkout has it beside the package.
    places = here / "incident_stale_arp", here.parent / "fixtures" / "stale-arp"
    folder = next(place for place in places if place.is_dir())
    _diagnose([str(folder)], form, output, FINDING_KINDS, anonymize, color)


@app.command()
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
    key = _key(anonymize)
    written = _form(form, output)
    loaded = _load(paths, *_FOR_TABLES, *(["pyarrow.parquet"] if written == "parquet" else []))
    import numpy as np

    from synack import pipeline
    from synack.report import edges, table
    from synack.tables import SEGMENTS, Table

    done = _shared(pipeline.run(loaded), loaded, key)
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
    _show(table.render(shown, written), output, written == "parquet")
    _finish(loaded, concluded=attempts > 0)


@app.command()
def neighbors(
    paths: Paths,
    form: TableForm = TableFormat.TEXT,
    output: Output = None,
    anonymize: Anonymize = None,
) -> None:
    """List every neighbor (ARP, ND) entry of every dump in one normal form.

    \b
    Reads, known by their content (loops with date lines become a series):
      Linux: ip neigh (also -s, -j, -br, monitor), /proc/net/arp, arp -n, -an, -a
      BSD, macOS, AIX, Solaris: arp -a, ndp -a
      Windows: arp -a, netsh interface ip show neighbors, Get-NetNeighbor
      Cisco, Arista, Junos, PAN-OS: show [ip] arp, show ipv6 neighbors
      RouterOS, Huawei, H3C, FortiOS: /ip arp print, display arp, get system arp
      arpwatch: arp.dat

    \b
    Examples:
      synack neighbors incident/
      ip -s neigh | synack neighbors -
    """
    from synack import pipeline
    from synack.report import edges, table

    key = _key(anonymize)
    loaded = _load(paths)
    done = _shared(pipeline.run(loaded), loaded, key)
    shown = edges.neighbors(done.entries)
    _show(table.render(shown, _form(form, output)), output, form == TableFormat.PARQUET)
    _finish(done.loaded, concluded=bool(loaded.dumps))


@app.command()
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
    form: Annotated[
        DocumentFormat, typer.Option("--format", "-f", help="Report for people or programs.")
    ] = DocumentFormat.TEXT,
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

    key = _key(anonymize)
    done = pipeline.run(_load(paths, counts_only=True))
    found = _shared(forecasts(done, proposals, kernel, arrivals), done.loaded, key)
    done = _shared(done, done.loaded, key)
    if form == DocumentFormat.JSON:
        _show(forecast.to_json(found, done.loaded.warnings), output, binary=False)
    else:
        _show(forecast.to_text(found), output, binary=False)
    _finish(done.loaded, concluded=bool(found), warn=form == DocumentFormat.TEXT)


@app.command()
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

    key = _key(anonymize)
    loaded = _load(paths, counts_only=True)
    loaded = _shared(loaded, loaded, key)
    shown = edges.inspection(loaded)
    _show(table.render(shown, _form(form, output)), output, form == TableFormat.PARQUET)
    _finish(loaded, concluded=bool(loaded.captures or loaded.dumps or loaded.readings))


@app.command()
def annotate(
    paths: Paths,
    output: Output = None,
    findings: Findings = None,
    everything: Annotated[
        bool, typer.Option("--all", help="All handshakes, not only those of findings.")
    ] = False,
    split: Annotated[
        bool,
        typer.Option("--split", help="A file for each link type, where captures differ in it."),
    ] = False,
    anonymize: Anonymize = None,
) -> None:
    """Write the evidence as one pcapng: the frames of all hosts on one clock, each with a comment
    that says what happened to it.

    \b
    In it, for Wireshark and tshark:
      an interface per capture        frame.interface_name == "broker-1:eth0"
      what is known to be lost        frame.comment contains "never seen"
      what a finding is about         frame.comment contains "finding 1"
      the verdict                     Statistics > Capture File Properties, capinfos
      how sure the clocks are         the comment of each interface
      the hosts' names                View > Name Resolution
    Frames are as they were recorded, with their original lengths; a second comment says where.
    Of a finding there are its attempts, the frames it refers to, and all ARP and ND messages
    about its address.

    \b
    Captures with different link types (one was taken with -i any) share the file too:
    Wireshark reads that, tcpdump does not. --split writes OUT.pcapng for the link type
    with most frames, and OUT-LINUX_SLL2.pcapng or the like for each other.

    \b
    Examples:
      synack annotate incident/ -o evidence.pcapng
      synack annotate incident/ -o first.pcapng --finding 1
      synack annotate incident/ --all | tshark -r - -Y 'frame.comment contains "never seen"'
    """
    from synack.report import pcapng

    _twice(paths)
    if output is None and sys.stdout.isatty():
        raise UsageError(_BINARY.format("pcapng"))
    diagnosis = _diagnosed(paths, anonymize)
    said = pcapng.save(diagnosis, output, findings or (), everything=everything, split=split)
    for line in said:
        _say(line)
    _finish(diagnosis.diagnosed.loaded, diagnosis.diagnosed.concluded)


@app.command()
def explain(
    paths: Paths,
    findings: Findings = None,
    most: Annotated[
        int, typer.Option(min=1, max=50, metavar="N", help="So many frames at most.")
    ] = 12,
    form: Annotated[
        DocumentFormat, typer.Option("--format", "-f", help="Report for people or programs.")
    ] = DocumentFormat.TEXT,
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

    _twice(paths)
    dissect.find_tshark()
    diagnosis = _diagnosed(paths, anonymize)
    explanation = diagnosis.explain(*findings or (), most=most)
    if form == DocumentFormat.JSON:
        _show(explanation.to_json(), output, binary=False)
    else:
        _show(explanation.to_text(_colored(color, output)), output, binary=False)
    _finish(diagnosis.diagnosed.loaded, diagnosis.diagnosed.concluded)


def _twice(paths: list[str]) -> None:
    """Refuse, before it is read, what cannot be read a second time."""
    if any(path.rpartition("=")[2] == "-" for path in paths):
        raise UsageError("its frames are read a second time, which standard input cannot be:"
                         " save it to a file")  # fmt: skip


def _diagnose(
    paths: list[str],
    form: ReportFormat,
    output: Path | None,
    failing: Sequence[str],
    anonymize: Path | None,
    color: Color,
) -> set[str]:
    """Show the diagnosis; the kinds of what was found."""
    form = _report_form(form, output)
    page = ("jinja2", "synack.report.html.page") if form == ReportFormat.HTML else ()
    diagnosis = _diagnosed(paths, anonymize, *page)
    _show(_rendered(diagnosis, form, failing, _colored(color, output)), output, binary=False)
    _finish(diagnosis.diagnosed.loaded, diagnosis.diagnosed.concluded, warn=False)
    return {finding.kind for finding in diagnosis.findings}


def _diagnosed(paths: list[str], anonymize: Path | None = None, *needed: str) -> Diagnosis:
    key = _key(anonymize)
    loaded = _load(paths, "synack.api", *needed)
    from synack.api import Diagnosis
    from synack.pipeline import run

    diagnosis = Diagnosis(run(loaded))
    return diagnosis if key is None else diagnosis.anonymized(key)


def _colored(color: Color, output: Path | None) -> bool:
    if color == Color.AUTO:
        plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
        return output is None and sys.stdout.isatty() and not plain
    return color == Color.ALWAYS


def _rendered(diagnosis: Diagnosis, form: ReportFormat, failing: Sequence[str], color: bool) -> str:
    if form == ReportFormat.GITHUB:
        from synack.report import github

        return github.render(diagnosis, failing)
    if form == ReportFormat.JUNIT:
        from synack.report import junit

        return junit.render(diagnosis, failing)
    if form == ReportFormat.MARKDOWN:
        return diagnosis.to_markdown()
    if form == ReportFormat.HTML:
        return diagnosis.to_html()
    return diagnosis.to_json() if form == ReportFormat.JSON else diagnosis.to_text(color)


def _key(path: Path | None) -> bytes | None:
    """Of ``--anonymize``; a new one is announced."""
    if path is None:
        return None
    from synack.anonymize.key import read_key

    key, made = read_key(path)
    if made:
        _say(f"{path}: a new key; who has it can find out which address is behind a pseudonym")
    return key


def _shared(value: T, loaded: Loaded, key: bytes | None) -> T:
    """``value``, under pseudonyms if there is a key."""
    if key is None:
        return value
    from synack.anonymize.values import disguised, pseudonyms

    return disguised(value, pseudonyms(loaded, key))


def _load(paths: list[str], *needed: str, counts_only: bool = False) -> Loaded:
    """Read everything, with a progress line on a terminal. The modules that are ``needed``
    then are imported meanwhile: the scan leaves the interpreter alone."""
    from synack.loading import load
    from synack.memory import keep_freed, share
    from synack.progress import on_terminal

    share()
    line = on_terminal()
    imports = threading.Thread(target=_import, args=needed)
    imports.start()
    try:
        return load(paths, line, counts_only=counts_only)
    finally:
        imports.join()
        keep_freed()
        if line is not None:
            line.close()


def _import(*names: str) -> None:
    """What is missing, the command says when it imports it itself."""
    with suppress(ImportError):
        for name in names:
            import_module(name)


_FOR_TABLES = ("synack.pipeline", "synack.report.edges", "synack.report.table")


def _outcomes(text: str) -> list[int]:
    """The numbers of outcomes that are separated by commas."""
    return [OUTCOMES.index(name) for name in _names("--only", "outcome", text, OUTCOMES)]


def _kinds(text: str) -> Sequence[str]:
    """The kinds of findings that are separated by commas."""
    names = _names("--fail-on", "kind", text, (ANY, *FINDING_KINDS))
    return FINDING_KINDS if ANY in names else names


def _names(option: str, noun: str, text: str, known: Sequence[str]) -> list[str]:
    names = [name.strip() for name in text.split(",")]
    for name in names:
        if name not in known:
            raise UsageError(f"{option}: no {noun} {name!r}; there are {', '.join(known)}")
    return names


def _form(form: TableFormat, output: Path | None) -> str:
    """``-o x.csv`` needs no ``--format csv``."""
    suffix = output.suffix.lstrip(".").lower() if output else ""
    if form == TableFormat.TEXT and suffix in [f.value for f in TableFormat]:
        return suffix
    return form.value


_REPORT_SUFFIXES = {
    ".html": ReportFormat.HTML,
    ".json": ReportFormat.JSON,
    ".md": ReportFormat.MARKDOWN,
}


def _report_form(form: ReportFormat, output: Path | None) -> ReportFormat:
    """``-o x.html`` needs no ``--format html``."""
    if form == ReportFormat.TEXT and output is not None:
        return _REPORT_SUFFIXES.get(output.suffix.lower(), form)
    return form


_BINARY = "{} is binary: give -o FILE or redirect"


def _show(content: str | Iterable[bytes], output: Path | None, binary: bool) -> None:
    from synack.output import write

    if binary and output is None and sys.stdout.isatty():
        raise UsageError(_BINARY.format("parquet"))
    write(content, output)


def _finish(loaded: Loaded, concluded: bool, warn: bool = True) -> None:
    """Name on standard error what could not be read, and exit accordingly. ``warn``: the
    result itself does not carry the warnings."""
    from synack.capture.scan import COMPILED

    if loaded.captures and not COMPILED:
        _say("not compiled, so captures are read and matched slowly: install a C compiler,"
             " then synack again")  # fmt: skip
    for damage in loaded.errors:
        _say(str(damage))
    for capture in loaded.captures if warn else ():
        for warning in capture.warnings:
            _say(warning)
    for warning in loaded.warnings if warn else ():
        _say(warning)
    if not concluded and not loaded.errors:
        _say(NOTHING_CONCLUDED)
    if loaded.errors or loaded.not_understood or not concluded:
        raise typer.Exit(UNREADABLE)


def _say(text: str) -> None:
    from synack.report.plain import printable

    print(f"synack: {printable(text)}", file=sys.stderr)  # noqa: T201


def main() -> None:
    """The console script."""
    # numpy's linear algebra starts threads that spin for 0.1 s; nothing here needs them.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        app()
    except UsageError as error:
        _say(str(error))
        sys.exit(USAGE)
    except InputError as error:
        _say(str(error))
        sys.exit(UNREADABLE)
    except BrokenPipeError:
        # The reader went away (| head): not our failure, and nothing more can be said.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(DONE)
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        if os.environ.get("SYNACK_DEBUG"):
            raise
        _say(
            f"internal error: {type(error).__name__}: {error}. Please report it with the output"
            f" of SYNACK_DEBUG=1 and 'synack --version' ({__version__})"
        )
        sys.exit(INTERNAL)


if __name__ == "__main__":
    main()
