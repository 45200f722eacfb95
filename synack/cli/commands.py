"""All commands together: their common help, and what becomes of their errors."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from synack import __version__
from synack.cli.annotate import annotate
from synack.cli.check import check
from synack.cli.diagnose import demo, diagnose
from synack.cli.explain import explain
from synack.cli.gc import gc
from synack.cli.handshakes import handshakes
from synack.cli.inspect import inspect
from synack.cli.neighbors import neighbors
from synack.cli.telling import DONE, INTERNAL, UNREADABLE, USAGE, say
from synack.errors import InputError, UsageError

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


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


for command in (
    diagnose,
    check,
    demo,
    handshakes,
    neighbors,
    gc,
    inspect,
    annotate,
    explain,
):
    app.command()(command)


def main() -> None:
    """The console script."""
    # numpy's linear algebra starts threads that spin for 0.1 s; nothing here needs them.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        app()
    except UsageError as error:
        say(str(error))
        sys.exit(USAGE)
    except InputError as error:
        say(str(error))
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
        say(
            f"internal error: {type(error).__name__}: {error}. Please report it with the output"
            f" of SYNACK_DEBUG=1 and 'synack --version' ({__version__})"
        )
        sys.exit(INTERNAL)
