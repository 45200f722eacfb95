"""``synack annotate``."""

from __future__ import annotations

from typing import Annotated

import typer

from synack.cli.options import Anonymize, Findings, Output, Paths
from synack.cli.reading import diagnosed, readable_twice
from synack.cli.telling import finish, not_to_terminal, say


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

    readable_twice(paths)
    not_to_terminal("pcapng", output)
    diagnosis = diagnosed(paths, anonymize)
    said = pcapng.save(diagnosis, output, findings or (), everything=everything, split=split)
    for line in said:
        say(line)
    finish(diagnosis.diagnosed.loaded, diagnosis.diagnosed.concluded)
