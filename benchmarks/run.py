"""Time synack beside tcpdump, tshark and others: whole processes, warm cache, medians.

    python benchmarks/run.py                      all cases, 5 runs
    python benchmarks/run.py --case mixed --case start --runs 9
    python benchmarks/run.py --write              also into benchmarks/README.md

Nothing heavy is imported here: a child's peak memory cannot be seen below this process's.
"""

from __future__ import annotations

import argparse
import shlex
import shutil
import struct
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from measure import Summary, alternate, floor, machine

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
BEGIN, END = "<!-- results -->", "<!-- end of results -->"

MIXED, SYN_ONLY, SHORT = 10_000_000, 5_000_000, 2_700_000
"""Packets of the files at full size; SHORT ten times over is 3 GB."""
PAIRS = (1_250_000, 2_500_000, 5_000_000, 10_000_000)
"""Packets that two hosts recorded together."""
SLICE = 20_000
FILTER = "tcp[tcpflags] & (tcp-syn|tcp-rst) != 0"
TSHARK_FIELDS = (
    "frame.number", "frame.time_epoch", "eth.src", "eth.dst", "ip.src", "tcp.srcport", "ip.dst",
    "tcp.dstport", "tcp.flags", "tcp.seq_raw", "tcp.ack_raw", "tcp.options.timestamp.tsval",
)  # fmt: skip
DPKT_LOOP = """
import dpkt, sys
kept = 0
with open(sys.argv[1], "rb") as file:
    for time, frame in dpkt.pcap.Reader(file):
        packet = dpkt.ethernet.Ethernet(frame).data
        if isinstance(packet, dpkt.ip.IP) and isinstance(packet.data, dpkt.tcp.TCP):
            kept += bool(packet.data.flags & (dpkt.tcp.TH_SYN | dpkt.tcp.TH_RST))
print(kept)
"""
ZSTD = """
import sys, zstandard
with open(sys.argv[1], "rb") as file, open("/dev/null", "wb") as nowhere:
    zstandard.ZstdDecompressor().copy_stream(file, nowhere)
"""

Results = dict[str, Summary]


@dataclass(frozen=True)
class Target:
    """A promise: a figure made of the results of a case, and its limit."""

    text: str
    value: Callable[[Results], float]
    limit: float
    unit: str = "x"
    at_least: bool = False

    def verdict(self, results: Results) -> str:
        """``met``, ``MISSED`` or ``not measured``, and the figure."""
        bound = f"at {'least' if self.at_least else 'most'} {self.limit:g}{self.unit}"
        try:
            value = self.value(results)
        except KeyError:
            return f"not measured: {self.text} {bound}"
        kept = value >= self.limit if self.at_least else value <= self.limit
        return f"{'met' if kept else 'MISSED'}: {self.text} {bound}: {shown(value)}{self.unit}"


def shown(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


@dataclass
class Case:
    """Commands that are timed in turn, the first of which the others are compared with."""

    name: str
    about: str
    commands: dict[str, list[str]]
    targets: list[Target] = field(default_factory=list)
    extra: dict[str, Callable[[Results], float]] = field(default_factory=dict)
    """More figures, by what they say."""


@dataclass(frozen=True)
class Setting:
    """Where the files are and how large."""

    folder: Path
    scale: float
    large: bool

    def size(self, full: int) -> int:
        return max(int(full * self.scale), 100)

    def file(self, name: str) -> str:
        return str(self.folder / name)

    @property
    def short(self) -> int:
        return self.size(MIXED if self.large else SHORT)


def ok(results: Results, label: str) -> Summary:
    """The figures of a command that ran; KeyError of one that did not or failed."""
    found = results[label]
    if found.failure:
        raise KeyError(label)
    return found


def wall_ratio(label: str, against: str) -> Callable[[Results], float]:
    return lambda results: ok(results, label).wall / ok(results, against).wall


def peak_ratio(label: str, against: str) -> Callable[[Results], float]:
    return lambda results: ok(results, label).peak / ok(results, against).peak


def peak(*labels: str) -> Callable[[Results], float]:
    return lambda results: max(ok(results, label).peak for label in labels)


def per_packet(tool: str, synack: str, packets: int, size: int) -> Callable[[Results], float]:
    """How much longer a tool takes for a packet: its start-up is subtracted, ours is not."""

    def value(results: Results) -> float:
        start = ok(results, f"{tool}, 1 packet").wall
        theirs = (ok(results, f"{tool}, {size} packets").wall - start) / max(size - 1, 1)
        return theirs / (ok(results, synack).wall / packets)

    return value


# ---- the commands -------------------------------------------------------------------------


def synack(*arguments: str) -> list[str]:
    """The console script of this Python, as users start it."""
    script = Path(sys.executable).with_name("synack")
    start = [str(script)] if script.exists() else [sys.executable, "-m", "synack.cli"]
    return [*start, *arguments]


def tcpdump(path: str) -> list[str]:
    return ["tcpdump", "-r", path, "-w", "/dev/null", FILTER]


def python(code: str, *arguments: str) -> list[str]:
    return [sys.executable, "-c", code, *arguments]


def tshark(path: str) -> list[str]:
    fields = [word for name in TSHARK_FIELDS for word in ("-e", name)]
    return ["tshark", "-n", "-r", path, "-T", "fields", *fields]


def generate(setting: Setting, what: str, packets: int, *options: str) -> None:
    """In a process of its own, see above; nothing is done when the files are there."""
    command = [sys.executable, str(HERE / "generate.py"), what, "--keep", *options]
    command += ["--packets", str(packets), "--folder", str(setting.folder)]
    subprocess.run(command, check=True, stdout=sys.stderr)


def cut(source: str, target: str, packets: int) -> int:
    """The first packets of a little-endian pcap; returns how many there were."""
    with Path(source).open("rb") as capture, Path(target).open("wb") as out:
        out.write(capture.read(24))
        for done in range(packets):
            head = capture.read(16)
            if len(head) < 16:
                return done
            out.write(head + capture.read(struct.unpack_from("<I", head, 8)[0]))
    return packets


# ---- the cases ----------------------------------------------------------------------------


def case_of_one_file(setting: Setting, what: str, about: str, limits: dict[str, float]) -> Case:
    """A capture against cat and tcpdump. ``limits``: of inspect, handshakes, parquet, peak."""
    path = setting.file(f"{what}.pcap")
    table = "handshakes -o x.parquet"
    commands = {
        "tcpdump -w /dev/null FILTER": tcpdump(path),
        "cat": ["cat", path],
        "inspect": synack("inspect", path),
        table: synack("handshakes", path, "-o", setting.file("x.parquet")),
        "handshakes": synack("handshakes", path),
    }
    against = "tcpdump -w /dev/null FILTER"
    targets = [
        Target(f"{label} to tcpdump", wall_ratio(label, against), limits[label])
        for label in ("inspect", table, "handshakes")
        if label in limits
    ]
    heaviest = ("inspect", table, *(["handshakes"] if "handshakes" in limits else []))
    targets.append(Target("peak memory", peak(*heaviest), limits["peak"], " MB"))
    return Case(what, about, commands, targets)


def case_mixed(setting: Setting) -> Case:
    packets = setting.size(MIXED)
    generate(setting, "mixed", packets)
    about = f"{packets} packets at snaplen 128, 2 % of them handshakes"
    limits = {"inspect": 0.5, "handshakes -o x.parquet": 0.8, "handshakes": 0.8, "peak": 250}
    return case_of_one_file(setting, "mixed", about, limits)


def case_synonly(setting: Setting) -> Case:
    packets = setting.size(SYN_ONLY)
    generate(setting, "synonly", packets)
    about = f"{packets} packets, all of them SYN, SYN-ACK or RST"
    limits = {"inspect": 0.8, "handshakes -o x.parquet": 5, "peak": 1200}
    return case_of_one_file(setting, "synonly", about, limits)


def case_pcapng(setting: Setting) -> Case:
    generate(setting, "mixed", setting.size(MIXED))
    old, new = setting.file("mixed.pcap"), setting.file("mixed.pcapng")
    commands = {
        "inspect .pcap": synack("inspect", old),
        "inspect .pcapng": synack("inspect", new),
        "tcpdump .pcap": tcpdump(old),
        "tcpdump .pcapng": tcpdump(new),
    }
    targets = [Target("pcapng to pcap", wall_ratio("inspect .pcapng", "inspect .pcap"), 1.3)]
    return Case("pcapng", "the mixed capture in both containers", commands, targets)


def case_gz(setting: Setting) -> Case:
    generate(setting, "mixed", setting.size(MIXED))
    path = setting.file("mixed.pcap.gz")
    commands = {
        "isal alone": [sys.executable, "-m", "isal.igzip", "-dc", path],
        "inspect .gz": synack("inspect", path),
        "igzip": ["igzip", "-dc", path],
    }
    targets = [Target("inspect to isal alone", wall_ratio("inspect .gz", "isal alone"), 1.3)]
    return Case("gz", "the mixed capture, gzip", commands, targets)


def case_zst(setting: Setting) -> Case:
    generate(setting, "mixed", setting.size(MIXED))
    path = setting.file("mixed.pcap.zst")
    commands = {
        "zstandard alone": python(ZSTD, path),
        "inspect .zst": synack("inspect", path),
        "zstd": ["zstd", "-dcq", path],
    }
    return Case("zst", "the mixed capture, zstd", commands)


def case_slice(setting: Setting) -> Case:
    packets = setting.size(MIXED)
    generate(setting, "mixed", packets)
    whole, part, one = (setting.file(name) for name in ("mixed.pcap", "slice.pcap", "one.pcap"))
    size = cut(whole, part, SLICE)
    cut(whole, one, 1)
    ours = f"inspect, {packets} packets"
    commands = {
        ours: synack("inspect", whole),
        f"tshark, {size} packets": tshark(part),
        "tshark, 1 packet": tshark(one),
        f"dpkt, {size} packets": python(DPKT_LOOP, part),
        "dpkt, 1 packet": python(DPKT_LOOP, one),
    }
    ratio = per_packet("tshark", ours, packets, size)
    return Case(
        "slice",
        "time per packet beside tools too slow for the whole file; their start-up subtracted",
        commands,
        [Target("tshark to inspect, per packet", ratio, 500, at_least=True)],
        {"dpkt to inspect, per packet": per_packet("dpkt", ours, packets, size)},
    )


def case_long(setting: Setting) -> Case:
    """A file of ten times the length: the same packets again and again, later."""
    for name, repeat in (("short", "1"), ("long", "10")):
        options = ("--name", name, "--repeat", repeat, "--formats", "pcap")
        generate(setting, "mixed", setting.short, *options)
    commands = {}
    for name in ("short", "long"):
        path, table = setting.file(f"{name}.pcap"), setting.file("x.parquet")
        commands[f"inspect {name}"] = synack("inspect", path)
        commands[f"handshakes {name}"] = synack("handshakes", path, "-o", table)
    targets = [
        Target(
            f"peak of {name} on ten times the file, to that on one",
            peak_ratio(f"{name} long", f"{name} short"),
            1.1,
        )
        for name in ("inspect", "handshakes")
    ]
    about = f"{setting.short} mixed packets once and ten times, times shifted: memory stays flat"
    return Case("long", about, commands, targets)


def case_pair(setting: Setting) -> Case:
    """Two hosts, more and more packets: the cost of matching grows with them, and no faster."""
    commands, targets = {}, []
    for size in PAIRS:
        millions = f"{size / 1e6:g} M"
        name = f"pair-{size // 1000}k"
        # Two thirds of the packets that both recorded were sent.
        options = ("--name", name, "--formats", "pcap")
        generate(setting, "pair", setting.size(size * 2 // 3), *options)
        folder = setting.folder / name
        both = " && ".join(shlex.join(tcpdump(str(file))) for file in sorted(folder.iterdir()))
        commands[f"tcpdump both, {millions}"] = ["sh", "-c", both]
        commands[f"diagnose, {millions}"] = synack("diagnose", str(folder))
    half, full = (f"{size / 1e6:g} M" for size in PAIRS[-2:])
    targets = [
        Target(
            f"diagnose to tcpdump, {half}",
            wall_ratio(f"diagnose, {half}", f"tcpdump both, {half}"),
            10,
        ),
        Target("peak memory", peak(f"diagnose, {half}"), 2000, " MB"),
        Target(
            "twice the packets to once",
            wall_ratio(f"diagnose, {full}", f"diagnose, {half}"),
            2.2,
        ),
    ]
    about = "SYN, SYN-ACK and RST of over a million attempts, as two hosts recorded them"
    return Case("pair", about, commands, targets)


def case_start(_: Setting) -> Case:
    commands = {
        "python -c pass": python("pass"),
        "python -c 'import typer'": python("import typer"),
        "synack --help": synack("--help"),
        "python -c 'import pandas'": python("import pandas"),
        "synack diagnose fixtures/stale-arp": synack(
            "diagnose", str(ROOT / "fixtures" / "stale-arp")
        ),
    }
    _pass, typer, help_, pandas, diagnose = commands
    targets = [
        Target("--help to import typer", wall_ratio(help_, typer), 2),
        Target("a small diagnosis to import pandas", wall_ratio(diagnose, pandas), 2),
    ]
    return Case("start", "start-up", commands, targets)


CASES: dict[str, Callable[[Setting], Case]] = {
    "mixed": case_mixed,
    "synonly": case_synonly,
    "pcapng": case_pcapng,
    "gz": case_gz,
    "zst": case_zst,
    "slice": case_slice,
    "long": case_long,
    "pair": case_pair,
    "start": case_start,
}


def measure(case: Case, runs: int) -> Results:
    """Time the commands of a case whose programs are there."""
    present = {label: argv for label, argv in case.commands.items() if shutil.which(argv[0])}
    return alternate(present, runs, lambda text: say(f"{case.name}: {text}"))


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


# ---- the report ---------------------------------------------------------------------------

HEAD = ("command", "wall, s", "min - max", "CPU, s", "peak, MB", "wall ratio", "CPU ratio")


def rows(case: Case, results: Results) -> list[tuple[str, ...]]:
    """The figures of a case, and which programs were missing or failed."""
    base = results.get(next(iter(case.commands)))
    table: list[tuple[str, ...]] = []
    for label in case.commands:
        found = results.get(label)
        cells: tuple[str, ...]
        if found is None:
            cells = ("not installed",)
        elif found.failure:
            cells = ("FAILED", found.failure)
        else:
            cells = _figures(found) + _ratios(found, base)
        table.append((label, *cells, *[""] * (len(HEAD) - 1 - len(cells))))
    return table


def _ratios(found: Summary, base: Summary | None) -> tuple[str, ...]:
    if base is None or base.failure:
        return ()
    return f"{found.wall / base.wall:.2f}", f"{found.cpu / max(base.cpu, 1e-3):.2f}"


def _figures(found: Summary) -> tuple[str, ...]:
    low = floor()
    return (
        f"{found.wall:.3f}",
        f"{found.fastest:.3f} - {found.slowest:.3f}",
        f"{found.cpu:.3f}",
        f"{found.peak:.0f}" if found.peak > low * 1.05 else f"under {low * 1.05:.0f}",
    )


def verdicts(case: Case, results: Results) -> list[str]:
    """One line per target, and the figures that have none."""
    lines = [target.verdict(results) for target in case.targets]
    for text, value in case.extra.items():
        try:
            lines.append(f"{text}: {shown(value(results))}x")
        except KeyError:
            lines.append(f"not measured: {text}")
    return lines


def text_table(case: Case, results: Results) -> str:
    lines = [HEAD, *rows(case, results)]
    widths = [max(len(line[at]) for line in lines) for at in range(len(HEAD))]
    aligned = ["  ".join(w.ljust(n) for w, n in zip(line, widths, strict=True)) for line in lines]
    said = [f"  {line}" for line in verdicts(case, results)]
    return "\n".join([f"{case.name}: {case.about}", *(f"  {s.rstrip()}" for s in aligned), *said])


def markdown_table(case: Case, results: Results) -> str:
    lines = [HEAD, ("---",) + ("---:",) * (len(HEAD) - 1), *rows(case, results)]
    said = [f"- {line.replace('MISSED', '**MISSED**')}" for line in verdicts(case, results)]
    table = [f"| {' | '.join(word.replace('|', '/') for word in line)} |" for line in lines]
    parts = [f"### {case.name}", case.about[:1].upper() + case.about[1:] + ".", "\n".join(table)]
    return "\n\n".join(parts + (["\n".join(said)] if said else []))


def conclusion(done: list[tuple[Case, Results]]) -> str:
    """How many targets were missed, in a sentence."""
    said = [target.verdict(results) for case, results in done for target in case.targets]
    missed = sum(line.startswith("MISSED") for line in said)
    absent = sum(line.startswith("not measured") for line in said)
    failed = [f"{c.name}: {label}" for c, r in done for label, s in r.items() if s.failure]
    text = (
        f"{missed} of {len(said)} targets missed" if missed else f"{len(said)} targets, none missed"
    )
    text += f", {absent} not measured" if absent else ""
    return text + (f". FAILED: {', '.join(failed)}" if failed else "") + "."


def preface(facts: dict[str, str], asked: argparse.Namespace) -> list[str]:
    lines = [f"{name}: {value}" for name, value in facts.items()]
    lines.append(f"runs: {asked.runs} after a warm-up, in turn; medians; peak: the highest")
    if asked.scale != 1:
        lines.append(f"NOT FULL SIZE (scale {asked.scale:g}): start-up dominates, no target counts")
    return lines


def write_markdown(path: Path, lines: list[str], done: list[tuple[Case, Results]]) -> None:
    """Between the marks of a file that has them; else the file is nothing but the results."""
    tables = [markdown_table(case, results) for case, results in done]
    content = "\n\n".join(["\n".join(f"- {line}" for line in lines), conclusion(done), *tables])
    inside = f"{BEGIN}\n\n{content}\n\n{END}"
    text = path.read_text() if path.exists() else f"{BEGIN}{END}\n"
    before, found, rest = text.partition(BEGIN)
    _, ended, after = rest.partition(END)
    if not (found and ended):
        raise SystemExit(f"{path.name} has no {BEGIN} ... {END}")
    path.write_text(before + inside + after)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--case", action="append", choices=list(CASES), help="default: all")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--folder", type=Path, default=Path("build/bench"))
    parser.add_argument("--scale", type=float, default=1.0, help="of all files; for a trial")
    parser.add_argument("--large", action="store_true", help="a long file of 11 GB, not 3")
    parser.add_argument(
        "--write",
        nargs="?",
        type=Path,
        const=HERE / "README.md",
        metavar="FILE",
        help="the tables into this Markdown file, between its marks; default README.md",
    )
    return parser.parse_args()


def setting_of(asked: argparse.Namespace) -> Setting:
    """Where and how large; the large file only where it fits."""
    asked.folder.mkdir(parents=True, exist_ok=True)
    need = 11.3e9 * asked.scale + 6e9
    fits = shutil.disk_usage(asked.folder).free > need
    if asked.large and not fits:
        say(f"--large needs {need / 1e9:.0f} GB of free disk: the long file stays at 3 GB")
    return Setting(asked.folder, asked.scale, asked.large and fits)


def main() -> None:
    """Make the files, time the cases one after the other, print and write the tables."""
    asked = arguments()
    setting = setting_of(asked)
    lines = preface(machine(), asked)
    print("\n".join(lines), flush=True)
    done = []
    for name in asked.case or CASES:
        case = CASES[name](setting)
        results = measure(case, asked.runs)
        done.append((case, results))
        print(f"\n{text_table(case, results)}", flush=True)
    print(f"\n{conclusion(done)}")
    if asked.write:
        write_markdown(asked.write, lines, done)


if __name__ == "__main__":
    main()
