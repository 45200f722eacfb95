"""The commands as a user types them: output, exit code, and what goes to standard error."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import judged
import pyarrow.parquet as pq
import pytest

import build
import synack as package
from synack.capture.scan import COMPILED
from synack.model import FINDING_KINDS

ROOT = Path(__file__).parents[1]
STALE = "fixtures/stale-arp"
BROKER = ROOT / STALE / "broker-1-eth0.pcap"


def test_demo_shows_the_incident(synack):
    code, out, err = synack("demo")
    assert code == 0
    assert "STALE NEIGHBOR ENTRY on broker-1 (confirmed)" in out
    assert err == ""


def test_demo_works_from_a_wheel(tmp_path):
    """What is installed carries its own incident."""
    wheel = subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", tmp_path, ROOT],
        capture_output=True, check=True, text=True,
    )  # fmt: skip
    assert wheel.returncode == 0
    (built,) = tmp_path.glob("synack-*.whl")
    subprocess.run([sys.executable, "-m", "zipfile", "-e", built, tmp_path / "site"], check=True)
    done = subprocess.run(
        [sys.executable, "-c", "from synack.cli import main; main()", "demo"],
        cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(tmp_path / "site")},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "broker-1-eth0.pcap" in done.stdout
    assert str(tmp_path) in done.stdout


def test_version(synack):
    """It says which scan is in use."""
    kind = "compiled" if COMPILED else "uncompiled"
    assert synack("--version") == (0, f"synack {package.__version__} ({kind} scan)\n", "")


@pytest.mark.parametrize(
    "command",
    [
        "",
        "diagnose",
        "check",
        "handshakes",
        "neighbors",
        "gc",
        "inspect",
        "annotate",
        "explain",
        "demo",
    ],
)
def test_help_teaches(synack, command):
    code, out, _ = synack(*command.split(), "--help")
    assert code == 0
    assert command in ("", "demo") or "Examples:" in out
    assert "Traceback" not in out


def test_help_loads_nothing_heavy():
    code = (
        "import sys; sys.argv = ['synack', '--help']\n"
        "from synack.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print(sorted({'numpy', 'pandas', 'dpkt', 'pyarrow'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert done.stdout.endswith("[]\n")


def test_completion_is_there(synack):
    code, out, _ = synack(
        "--show-completion", "bash", _TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION="1"
    )
    assert code == 0
    assert "complete" in out


@pytest.mark.parametrize(
    ("words", "completed"),
    [
        ("synack diagnose x --format ", ["text", "json", "markdown", "html", "github", "junit"]),
        ("synack check x --format j", ["json", "junit"]),
        ("synack diagnose x --fail-on un", ["unresolved-neighbor", "unreachable"]),
        ("synack diagnose x --fail-on an", ["any"]),
        ("synack diagnose x --fail-on any,stale", ["any,stale-neighbor"]),
        ("synack handshakes x --only refused,syn", ["refused,syn-lost", "refused,syn-ack-lost"]),
        ("synack handshakes x --only comp", ["completed"]),
        ("synack ch", ["check"]),
    ],
)
def test_words_are_completed(words, completed):
    """As the shell asks for them."""
    count = len(words.split()) - (not words.endswith(" "))
    done = subprocess.run(
        [Path(sys.executable).with_name("synack")], cwd=ROOT, capture_output=True, text=True,
        check=True, env=os.environ | {
            "_SYNACK_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(count),
        },
    )  # fmt: skip
    assert done.stdout.split() == completed


def test_help_names_every_kind_and_exit_code(synack):
    told = synack("diagnose", "--help")[1]
    for kind in FINDING_KINDS:
        assert kind in told
    for command in ("", "diagnose", "check"):
        told = synack(*command.split(), "--help")[1]
        assert "Exit codes:" in told
        assert "4 internal error" in " ".join(told.split())


@pytest.mark.parametrize(
    ("kinds", "code"),
    [
        ("stale-neighbor", 1),
        ("refused, stale-neighbor", 1),
        ("any", 1),
        ("refused,any", 1),
        ("refused", 0),
    ],
)
def test_fail_on_a_kind(synack, kinds, code):
    found, out, err = synack("diagnose", STALE, "--fail-on", kinds)
    assert (found, err) == (code, "")
    assert "STALE NEIGHBOR ENTRY on broker-1 (confirmed)" in out
    assert synack("diagnose", "fixtures/healthy", "--fail-on", kinds)[0] == 0


def test_fail_on_an_unknown_kind_is_2_and_names_the_known_ones(synack):
    code, out, err = synack("diagnose", STALE, "--fail-on", "refused,lost")
    assert (code, out) == (2, "")
    assert "no kind 'lost'" in err
    assert all(kind in err for kind in (*FINDING_KINDS, "any"))


def test_what_cannot_be_read_is_3_whatever_was_found(synack):
    assert synack("diagnose", STALE, "missing", "--fail-on", "any")[0] == 3


@pytest.mark.parametrize(
    ("form", "begin"),
    [
        ("markdown", "# Postmortem: "),
        ("html", "<!DOCTYPE html>\n"),
        ("github", "::error file=fixtures/stale-arp/broker-1.neigh.txt,line=2,"),
        ("junit", '<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="synack diagnose"'),
    ],
)
def test_diagnose_for_other_readers(synack, tmp_path, form, begin):
    """Twice the same bytes, also into a file."""
    code, out, err = synack("diagnose", STALE, "--format", form)
    assert (code, err) == (0, "")
    assert out.startswith(begin)
    target = tmp_path / "x"
    assert synack("diagnose", STALE, "--format", form, "-o", str(target)) == (0, "", "")
    assert target.read_text("utf-8") == out


@pytest.mark.parametrize(
    ("name", "begin"),
    [("x.html", "<!DOCTYPE html>"), ("x.JSON", "{"), ("x.md", "# Postmortem"), ("x.txt", "1 find")],
)
def test_the_name_of_the_file_says_the_format(synack, tmp_path, name, begin):
    assert synack("diagnose", STALE, "-o", str(tmp_path / name)) == (0, "", "")
    assert (tmp_path / name).read_text("utf-8").startswith(begin)
    assert synack("demo", "-f", "junit", "-o", str(tmp_path / name))[0] == 0
    assert (tmp_path / name).read_text("utf-8").startswith("<?xml")


def test_github_and_junit_fail_only_for_what_should(synack):
    for form, failed in (("github", "::error"), ("junit", "<failure")):
        assert failed in synack("diagnose", STALE, "-f", form, "--fail-on", "stale-neighbor")[1]
        assert failed not in synack("diagnose", STALE, "-f", form, "--fail-on", "refused")[1]


def test_check_is_0_when_all_is_as_expected(synack):
    code, out, err = synack("check", "fixtures")
    assert (code, err) == (0, "")
    assert out.endswith(f"{len(list(ROOT.glob('fixtures/*/case.toml')))} cases: all as expected\n")
    assert synack("check", "fixtures", "-j", "1")[1] == out


@pytest.fixture
def cases(tmp_path):
    return judged.folder_of_cases(tmp_path / "cases")


@pytest.mark.parametrize(
    ("pattern", "form", "code"),
    [
        ("b-as", "text", 0),
        ("a-diff", "json", 1),
        ("a-diff", "markdown", 1),
        ("c-wrong", "github", 3),
        ("d-nothing", "junit", 3),
        ("f-un", "text", 3),
        ("*", "text", 3),
    ],
)
def test_check_exit_codes(synack, cases, pattern, code, form):
    found, out, err = synack("check", str(cases), "-k", pattern, "--format", form)
    assert (found, err) == (code, "")
    assert out


def test_check_without_a_case_is_2(synack, tmp_path):
    for arguments in ((str(tmp_path),), (str(tmp_path / "no"),), ("fixtures", "-k", "nothing")):
        code, out, err = synack("check", *arguments)
        assert (code, out) == (2, "")
        assert err.startswith("synack: ")


def test_check_of_what_crashes_is_4(cases, tmp_path):
    """In the process that diagnoses: it reads sitecustomize when it starts."""
    (tmp_path / "sitecustomize.py").write_text(
        "import sys\n"
        "if 'synack.check.worker' in sys.orig_argv:\n"
        "    import synack.pipeline\n"
        "    def fail(*_, **__): raise RuntimeError('boom')\n"
        "    synack.pipeline.run = fail\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "synack.cli", "check", str(cases)],
        env=os.environ | {"PYTHONPATH": str(tmp_path)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 4
    assert "internal error: RuntimeError: boom" in done.stdout
    assert "Traceback" not in done.stderr


def test_check_ends_what_hangs(synack, cases):
    folder = cases / "d-nothing-expected"
    os.mkfifo(folder / "more.pcap")
    (folder / "case.toml").write_text('inputs = ["more.pcap"]\n[expect]\n')
    code, out, _ = synack("check", str(cases), "-k", "[bd]-*", "--timeout", "2")
    assert code == 3
    assert out.endswith("2 cases: 1 as expected, 1 timed out\n")


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_check_that_is_stopped_leaves_no_process(tmp_path, sent, code):
    pipe = tmp_path / "a.pcap"
    os.mkfifo(pipe)
    (tmp_path / "case.toml").write_text('inputs = ["a.pcap"]\n[expect]\n')
    command = [sys.executable, "-m", "synack.cli", "check", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        # It opens once somebody reads; whoever reads then waits for a byte.
        writer = os.open(pipe, os.O_WRONLY)
        process.send_signal(sent)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (code, b"", b"")
    with pytest.raises(BrokenPipeError):
        os.write(writer, b"x")
    os.close(writer)


def test_check_update_writes_and_is_0(synack, cases):
    code, out, _ = synack("check", str(cases), "-k", "[ad]-*", "--update")
    assert code == 0
    assert out.endswith("2 cases: all updated\n")
    assert "exact = true" in (cases / "d-nothing-expected" / "case.toml").read_text()
    code, out, _ = synack("check", str(cases), "-k", "[ad]-*")
    assert code == 0
    assert out.endswith("2 cases: all as expected\n")


def test_check_into_a_file_says_the_verdict(synack, cases, tmp_path):
    target = tmp_path / "synack.xml"
    code, out, err = synack("check", str(cases), "-k", "a-", "-f", "junit", "-o", str(target))
    assert (code, out, err) == (1, "", "synack: 1 case: all different\n")
    assert target.read_text().startswith("<?xml")


def test_diagnose_json(synack):
    code, out, _ = synack("diagnose", STALE, "--format", "json")
    assert code == 0
    assert json.loads(out)["findings"][0]["kind"] == "stale-neighbor"


@pytest.mark.parametrize("form", ["text", "csv", "json", "ndjson"])
@pytest.mark.parametrize(("command", "rows"), [("handshakes", 76), ("neighbors", 70)])
def test_tables(synack, command, rows, form):
    code, out, err = synack(command, STALE, "--format", form)
    assert (code, err) == (0, "")
    if form == "json":
        assert len(json.loads(out)) == rows
    elif form == "csv":
        assert len(list(csv.DictReader(io.StringIO(out)))) == rows
    else:
        assert len(out.splitlines()) == rows + (form == "text")


def test_wide_adds_columns(synack):
    """Those of the contract stay in front, and the others are explained by --help and README."""
    narrow = synack("handshakes", STALE, "-f", "csv")[1].splitlines()
    code, out, err = synack("handshakes", STALE, "--wide", "-f", "csv")
    assert (code, err) == (0, "")
    wide = out.splitlines()
    assert all(long.startswith(short) for long, short in zip(wide, narrow, strict=True))
    added = wide[0].removeprefix(narrow[0] + ",").split(",")
    assert len(added) == 29
    told = synack("handshakes", "--help")[1]
    readme = (ROOT / "README.md").read_text("utf-8")
    for name in added:
        general = name
        for leg in ("syn_ack", "syn", "ack"):
            if name.endswith(("_lost", "_misdelivered", "_unwitnessed")):
                general = general.replace(f"{leg}_", "LEG_")
        assert general in told
        assert f"`{general}`" in readme


def test_only_some_outcomes(synack):
    code, out, _ = synack("handshakes", STALE, "-w", "--only", "syn-ack-lost", "-f", "json")
    rows = json.loads(out)
    assert code == 0
    assert {row["outcome"] for row in rows} == {"syn-ack-lost"}
    assert all(row["syn_ack_lost"] > 0 for row in rows)
    assert len(rows) == 6
    both = json.loads(
        synack("handshakes", STALE, "--only", "syn-ack-lost, completed", "-f", "json")[1]
    )
    assert len(both) == 76


def test_no_attempt_of_an_outcome_is_no_failure(synack):
    """The captures were conclusive all the same."""
    assert synack("handshakes", STALE, "--only", "refused", "-f", "json") == (0, "[]\n", "")


def test_an_unknown_outcome_is_2_and_names_the_known_ones(synack):
    code, out, err = synack("handshakes", STALE, "--only", "completed,lost")
    assert (code, out) == (2, "")
    assert "no outcome 'lost'" in err
    assert "syn-lost, no-reply, syn-ack-lost" in err


def test_the_name_after_o_gives_the_format(synack, tmp_path):
    target = tmp_path / "x.parquet"
    assert synack("handshakes", STALE, "-o", str(target))[:2] == (0, "")
    assert pq.read_table(target).num_rows == 76
    assert synack("handshakes", STALE, "-o", str(tmp_path / "x.csv"))[0] == 0
    assert (tmp_path / "x.csv").read_text().startswith("client,client_port,")


def test_standard_input_can_be_a_capture_or_a_table(synack):
    code, out, _ = synack("inspect", "-", stdin=BROKER.read_bytes())
    assert code == 0
    assert "798" in out
    row = b"10.0.1.77 dev eth0 lladdr 0a:de:ad:00:00:01 STALE\n"
    code, out, _ = synack("neighbors", "-", "-f", "csv", stdin=row)
    assert code == 0
    assert "10.0.1.77,0a:de:ad:00:00:01,STALE" in out


def test_host_equals_path_names_the_host(synack):
    code, out, _ = synack("inspect", f"kafka={BROKER}", "-f", "json")
    assert code == 0
    assert json.loads(out)[0]["host"] == "kafka"


WIFI = build.pcap([(0, b"\0" * 30)], link_type=127)


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("missing.pcap", None, "no such file or folder"),
        ("empty.pcap", b"", "empty file"),
        ("note.txt", b"hello\n", "neither a capture nor a known dump"),
        ("cut.pcap", BROKER.read_bytes()[:20], "cut"),
        ("wifi.pcap", WIFI, "link type 127 is not understood"),
        ("odd.pcap.gz", b"\x1f\x8b\x08\0garbage", "gzip"),
    ],
)
def test_bad_input_is_named_and_the_rest_is_analysed(synack, tmp_path, name, content, reason):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    code, out, err = synack("diagnose", STALE, str(path))
    assert code == 3
    assert "STALE NEIGHBOR ENTRY on broker-1 (confirmed)" in out
    said = " ".join((out + err).split())
    assert name in said
    assert reason in said
    assert "Traceback" not in err


def test_a_cut_capture_is_read_to_the_cut(synack, tmp_path):
    (tmp_path / "broker-1-eth0.pcap").write_bytes(BROKER.read_bytes()[:5000])
    code, out, _ = synack("diagnose", str(tmp_path))
    assert code == 0
    assert "cut in record" in out


def test_captures_with_nothing_in_common_are_told(synack):
    code, out, _ = synack(
        "diagnose", "fixtures/refused/broker-1-eth0.pcap", "fixtures/stale-nd/producer-7-eth0.pcap"
    )
    assert code == 0
    assert "none of its 6 attempts is in any other host's capture" in " ".join(out.split())


def test_a_table_without_a_matching_address_is_told(synack, tmp_path):
    table = tmp_path / "other.neigh.txt"
    table.write_text("192.0.2.9 dev eth0 lladdr 02:00:00:00:00:09 REACHABLE\n")
    code, out, _ = synack("diagnose", "fixtures/refused", str(table))
    assert code == 0
    assert "none of its 1 addresses is in the captures" in " ".join(out.split())


def test_nothing_to_conclude_is_3(synack, tmp_path):
    (tmp_path / "a.pcap").write_bytes(build.pcap([]))
    code, out, err = synack("diagnose", str(tmp_path))
    assert code == 3
    assert "nothing could be concluded" in err
    assert "no handshake" in out


def test_a_wrong_incident_toml_is_named(synack, tmp_path):
    (tmp_path / "incident.toml").write_text("[hosts.a]\nadresses = []\n")
    code, _, err = synack("diagnose", str(tmp_path))
    assert code == 3
    assert "hosts.a: unknown key 'adresses'" in err


@pytest.mark.parametrize(
    "arguments", [("diagnose",), ("nonsense",), ("diagnose", STALE, "--format", "yaml")]
)
def test_wrong_usage_is_2(synack, arguments):
    code, _, err = synack(*arguments)
    assert code == 2
    assert err


def test_an_impossible_output_is_2_and_leaves_nothing(synack, tmp_path):
    code, _, err = synack("handshakes", STALE, "-o", str(tmp_path / "no" / "x.csv"))
    assert code == 2
    assert "cannot write" in err
    assert list(tmp_path.iterdir()) == []


def test_a_reader_that_goes_away_is_no_error():
    command = f"{sys.executable} -m synack.cli handshakes {STALE} -f ndjson | head -1"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command], cwd=ROOT, capture_output=True, check=True
    )
    assert done.stderr == b""
    assert done.stdout.count(b"\n") == 1


@pytest.mark.parametrize("command", ["handshakes", "neighbors", "inspect", "diagnose"])
def test_text_needs_neither_pandas_nor_arrow(command):
    code = (
        f"import sys; sys.argv = ['synack', {command!r}, {STALE!r}]\n"
        "from synack.cli import app\n"
        "app(standalone_mode=False)\n"
        "print(sorted({'pandas', 'pyarrow'} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stderr == "[]\n"


def test_an_internal_error_is_4_and_says_how_to_report_it():
    code = (
        "import sys; sys.argv = ['synack', 'inspect', 'x']\n"
        "import synack.loading\n"
        "def fail(*_, **__): raise RuntimeError('boom')\n"
        "synack.loading.load = fail\n"
        "from synack.cli import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 4
    assert "internal error: RuntimeError: boom" in done.stderr
    assert "report it" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("form", "arguments"),
    [("parquet", ["handshakes", STALE, "-f", "parquet"]), ("pcapng", ["annotate", STALE])],
)
def test_binary_is_not_written_to_a_terminal(form, arguments):
    leader, follower = pty.openpty()
    done = subprocess.run(
        [sys.executable, "-m", "synack.cli", *arguments],
        cwd=ROOT, stdout=follower, stderr=subprocess.PIPE, check=False,
    )  # fmt: skip
    os.close(follower)
    os.close(leader)
    assert done.returncode == 2
    assert f"{form} is binary" in done.stderr.decode()


def test_without_a_compiler_it_works_and_says_so_once():
    """The sources, loaded as they stand, in place of the compiled modules."""
    code = (
        "import importlib.util, pathlib, sys, synack\n"
        "root = pathlib.Path(synack.__file__).parent\n"
        "for name in ('grouping', 'capture.scan', 'handshake.walk'):\n"
        "    path = root.joinpath(*name.split('.')).with_suffix('.py')\n"
        "    spec = importlib.util.spec_from_file_location('synack.' + name, path)\n"
        "    module = importlib.util.module_from_spec(spec)\n"
        "    sys.modules['synack.' + name] = module\n"
        "    spec.loader.exec_module(module)\n"
        "    assert not module.COMPILED\n"
        "sys.argv = ['synack', 'demo']\n"
        "from synack.cli import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "STALE NEIGHBOR ENTRY on broker-1 (confirmed)" in done.stdout
    assert done.stderr.count("not compiled") == 1


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--set", "gc_thresh1=0"], "not a setting of the neighbor table"),
        (["--kernel", "newest"], "not a release"),
        (["--subnet-hosts", "250"], "go together"),
        (["--idle", "5"], "needs --subnet-hosts"),
    ],
)
def test_gc_wrong_usage(synack, arguments, says):
    code, out, err = synack("gc", STALE, *arguments)
    assert (code, out) == (2, "")
    assert says in err


def test_gc_without_a_table_concludes_nothing(synack, tmp_path):
    (tmp_path / "b1.sysctl.txt").write_text("net.ipv4.neigh.default.gc_thresh1 = 0\n")
    code, _, err = synack("gc", str(tmp_path))
    assert code == 3
    assert "nothing could be concluded" in err


def test_gc_writes_a_file(synack, tmp_path):
    out = tmp_path / "gc.json"
    code, shown, _ = synack("gc", STALE, "--format", "json", "-o", str(out))
    assert (code, shown) == (0, "")
    assert json.loads(out.read_text())["schema"] == "synack.gc/1"


def test_inspect_names_settings(synack, tmp_path):
    (tmp_path / "b1.sysctl.txt").write_text("net.ipv4.neigh.default.gc_thresh1 = 0\n")
    code, out, _ = synack("inspect", str(tmp_path))
    assert code == 0
    assert "settings" in out


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        ([STALE, "-n", "2"], 2, "no finding 2; there is 1 finding"),
        (["fixtures/healthy"], 2, "--all is for all handshakes"),
        (["b1=-"], 2, "standard input cannot be: save it to a file"),
        (["fixtures/cooked-v2", "--split"], 2, "--split needs -o FILE"),
        ([STALE, "fixtures/no-such", "-o", "/dev/null"], 3, "no such file or folder"),
        ([STALE, "--finding", "0"], 2, "0 is not in the range"),
    ],
)
def test_annotate_says_what_it_cannot(synack, arguments, code, says):
    done = synack("annotate", *arguments)
    assert done[0] == code
    assert says in done[2]


def test_annotate_writes_to_a_pipe_or_file(synack, tmp_path):
    """The same bytes; what it says goes to standard error."""
    code, _, err = synack("annotate", STALE, "-n", "1", "-o", str(tmp_path / "x.pcapng"))
    assert code == 0
    assert err.endswith("x.pcapng: 122 frames of 6 attempts, 2 interfaces\n")
    piped = subprocess.run(
        [sys.executable, "-m", "synack.cli", "annotate", STALE],
        cwd=ROOT, capture_output=True, check=True,
    )  # fmt: skip
    assert piped.stdout == (tmp_path / "x.pcapng").read_bytes()


def test_explain(synack):
    code, out, err = synack("explain", STALE, "--most", "2")
    assert (code, err) == (0, "")
    assert out.startswith("2 frames of the evidence: Wireshark and synack agree in every field\n")
    document = json.loads(synack("explain", STALE, "--most", "2", "-f", "json")[1])
    assert len(document["frames"]) == 2


def test_explain_without_tshark_says_how_to_get_it(synack):
    """Before anything is read."""
    code, out, err = synack("explain", "no-such-file", PATH="")
    assert (code, out) == (2, "")
    assert "apt install tshark" in err


@pytest.mark.parametrize(
    ("arguments", "environment", "terminal", "colored"),
    [
        ([], {}, False, False),
        ([], {}, True, True),
        ([], {"NO_COLOR": "1"}, True, False),
        ([], {"NO_COLOR": ""}, True, True),
        ([], {"TERM": "dumb"}, True, False),
        (["--color", "never"], {}, True, False),
        (["--color", "always"], {"NO_COLOR": "1"}, False, True),
    ],
)
def test_colour_is_for_terminals(arguments, environment, terminal, colored):
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "synack.cli", "diagnose", "fixtures/refused", *arguments],
        cwd=ROOT, stdout=follower if terminal else subprocess.PIPE, stderr=subprocess.DEVNULL,
        env={"PATH": os.environ["PATH"], "TERM": "xterm"} | environment,
    )  # fmt: skip
    os.close(follower)
    out = b""
    if terminal:
        with contextlib.suppress(OSError):  # the end of a terminal
            while piece := os.read(leader, 1 << 16):
                out += piece
    else:
        out = process.communicate()[0]
    os.close(leader)
    assert process.wait() == 0
    assert b"REFUSED" in out
    assert (b"\x1b[" in out) == colored


def test_a_file_has_no_colour(synack, tmp_path):
    synack("diagnose", STALE, "-o", str(tmp_path / "x.txt"))
    assert "\x1b" not in (tmp_path / "x.txt").read_text()
