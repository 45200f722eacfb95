"""``netstat -s`` of Linux: sentences to the kernel's names of counters.

net-tools (statistics.c) has a sentence for many counters and prints the others under
their own name, unless they are zero; so what is not there is zero. Some sentences were
spelled differently before 2.10. The names are those of net/ipv4/proc.c, prefixed as nstat
does. Settings among the values (``Forwarding``) are left out, as are SCTP's.
"""

from __future__ import annotations

import re

from synack.context.reading import Reading, Rows, numbered, whole
from synack.tables import COUNTERS

_SENTENCES = {
    "Ip": """
        ForwDatagrams # forwarded
        FragCreates # fragments created
        FragFails # outgoing packets failed fragmentation
        FragFails # fragments failed
        FragOKs # outgoing packets fragmented ok
        FragOKs # fragments received ok
        InAddrErrors # with invalid addresses
        InDelivers # incoming packets delivered
        InDiscards # incoming packets discarded
        InHdrErrors # with invalid headers
        InReceives # total packets received
        InUnknownProtos # with unknown protocol
        OutDiscards # outgoing packets dropped
        OutNoRoutes # dropped because of missing route
        OutRequests # requests sent out
        ReasmFails # packet reassemblies failed
        ReasmFails # packet reassembles failed
        ReasmOKs # packets reassembled ok
        ReasmReqds # reassemblies required
        ReasmTimeout # fragments dropped after timeout
    """,
    "Icmp": """
        InErrors # input ICMP message failed
        InErrors # input ICMP message failed
        InMsgs # ICMP messages received
        OutErrors # ICMP messages failed
        OutMsgs # ICMP messages sent
    """,
    "Tcp": """
        ActiveOpens # active connection openings
        ActiveOpens # active connections openings
        AttemptFails # failed connection attempts
        CurrEstab # connections established
        EstabResets # connection resets received
        InErrs # bad segments received
        InSegs # segments received
        OutRsts # resets sent
        OutSegs # segments sent out
        OutSegs # segments send out
        PassiveOpens # passive connection openings
        RetransSegs # segments retransmitted
        RetransSegs # segments retransmited
    """,
    "Udp": """
        InDatagrams # packets received
        InErrors # packet receive errors
        NoPorts # packets to unknown port received
        OutDatagrams # packets sent
        RcvbufErrors # receive buffer errors
        SndbufErrors # send buffer errors
    """,
    "TcpExt": """
        DelayedACKLocked # delayed acks further delayed because of locked socket
        DelayedACKLost Quick ack mode was activated # times
        DelayedACKs # delayed acks sent
        EmbryonicRsts # resets received for embryonic SYN_RECV sockets
        ListenDrops # SYNs to LISTEN sockets dropped
        ListenDrops # SYNs to LISTEN sockets ignored
        ListenOverflows # times the listen queue of a socket overflowed
        LockDroppedIcmps # ICMP packets dropped because socket was locked
        OfoPruned # packets dropped from out-of-order queue because of socket buffer overrun
        OutOfWindowIcmps # ICMP packets dropped because they were out-of-window
        PAWSActive # active connections rejected because of time stamp
        PAWSActive # active connections rejected because of timestamp
        PAWSEstab # packetes rejected in established connections because of timestamp
        PAWSEstab # packets rejects in established connections because of timestamp
        PAWSEstab # packets rejected in established connections because of timestamp
        PAWSPassive # passive connections rejected because of time stamp
        PruneCalled # packets pruned from receive queue because of socket buffer overrun
        RcvPruned # packets pruned from receive queue
        SockMallocOOM Ran # times out of system memory during packet sending
        SyncookiesFailed # invalid SYN cookies received
        SyncookiesRecv # SYN cookies received
        SyncookiesSent # SYN cookies sent
        TCPAbortFailed # times unable to send RST due to no memory
        TCPAbortOnClose # connections reset due to early user close
        TCPAbortOnData # connections reset due to unexpected data
        TCPAbortOnLinger # connections aborted after user close in linger timeout
        TCPAbortOnMemory # connections aborted due to memory pressure
        TCPAbortOnSyn # connections reset due to unexpected SYN
        TCPAbortOnTimeout # connections aborted due to timeout
        TCPDirectCopyFromBacklog # bytes directly in process context from backlog
        TCPDirectCopyFromPrequeue # bytes directly received in process context from prequeue
        TCPDSACKOfoRecv # DSACKs for out of order packets received
        TCPDSACKOfoSent # DSACKs sent for out of order packets
        TCPDSACKOldSent # DSACKs sent for old packets
        TCPDSACKRecv # DSACKs received
        TCPDSACKUndo # congestion window recovered without slow start using DSACK
        TCPDSACKUndo # congestion windows recovered without slow start by DSACK
        TCPFACKReorder Detected reordering # times using FACK
        TCPFastRetrans # fast retransmits
        TCPForwardRetrans # forward retransmits
        TCPFullUndo # congestion windows fully recovered without slow start
        TCPFullUndo # congestion windows fully recovered
        TCPHPAcks # predicted acknowledgments
        TCPHPHits # packet headers predicted
        TCPHPHitsToUser # packet headers predicted and directly queued to user
        TCPHPHitsToUser # packets header predicted and directly queued to user
        TCPLossFailures # timeouts in loss state
        TCPLoss # TCP data loss events
        TCPLossUndo # congestion windows recovered without slow start after partial ack
        TCPLossUndo # congestion windows recovered after partial ack
        TCPLostRetransmit # retransmits lost
        TCPMemoryPressures TCP ran low on memory # times
        TCPPartialUndo # congestion windows partially recovered using Hoe heuristic
        TCPPrequeued # packets directly queued to recvmsg prequeue
        TCPPrequeueDropped # packets dropped from prequeue
        TCPPureAcks # acknowledgments not containing data payload received
        TCPPureAcks # acknowledgments not containing data received
        TCPRcvCollapsed # packets collapsed in receive queue due to low socket buffer
        TCPRenoFailures # timeouts after reno fast retransmit
        TCPRenoRecoveryFail # classic Reno fast retransmits failed
        TCPRenoRecoveryFail # reno fast retransmits failed
        TCPRenoRecovery # times recovered from packet loss due to fast retransmit
        TCPRenoReorder Detected reordering # times using reno fast retransmit
        TCPSackFailures # timeouts after SACK recovery
        TCPSackRecoveryFail # SACK retransmits failed
        TCPSackRecoveryFail # sack retransmits failed
        TCPSackRecovery # times recovered from packet loss by selective acknowledgements
        TCPSackRecovery # times recovered from packet loss due to SACK data
        TCPSACKReneging # bad SACK blocks received
        TCPSACKReorder Detected reordering # times using SACK
        TCPSchedulerFailed # times receiver scheduled too late for direct processing
        TCPSlowStartRetrans # retransmits in slow start
        TCPTimeouts # other TCP timeouts
        TCPTSReorder Detected reordering # times using time stamp
        TWKilled # TCP sockets finished time wait in slow timer
        TW # TCP sockets finished time wait in fast timer
        TWRecycled # time wait sockets recycled by time stamp
    """,
}
_INPUT = """
    InAddrMaskReps address mask replies: #
    InAddrMasks address mask request: #
    InDestUnreachs destination unreachable: #
    InEchoReps echo replies: #
    InEchos echo requests: #
    InParmProbs wrong parameters: #
    InRedirects redirects: #
    InSrcQuenchs source quenches: #
    InTimeExcds timeout in transit: #
    InTimestampReps timestamp reply: #
    InTimestamps timestamp request: #
"""
_OUTPUT = """
    OutAddrMaskReps address mask replies: #
    OutAddrMasks address mask requests: #
    OutAddrMasks address mask request: #
    OutDestUnreachs destination unreachable: #
    OutEchoReps echo replies: #
    OutEchos echo requests: #
    OutEchos echo request: #
    OutParmProbs wrong parameters: #
    OutRedirects redirect: #
    OutSrcQuenchs source quench: #
    OutTimeExcds time exceeded: #
    OutTimestampReps timestamp replies: #
    OutTimestamps timestamp requests: #
"""


def _table(prefix: str, lines: str) -> dict[str, str]:
    rows = (line.strip().partition(" ") for line in lines.strip().splitlines())
    return {sentence: prefix + name for name, _, sentence in rows}


_NAMES = {group: _table(group, lines) for group, lines in _SENTENCES.items()}
_HISTOGRAMS = {
    "ICMP input histogram:": _table("Icmp", _INPUT),
    "ICMP output histogram:": _table("Icmp", _OUTPUT),
}
_STATIC = ("Forwarding is ", "Default TTL is ", "RTO algorithm is ")
_SETTINGS = frozenset(("IpForwarding", "IpDefaultTTL"))
_NAMED = re.compile(r"([A-Z][A-Za-z0-9]{1,60}): (\d{1,20})")
_HEAD = re.compile(r"([A-Z][A-Za-z0-9]{1,20}):")
_NUMBER = re.compile(r"(?<!\S)\d{1,20}(?!\S)")


def read_statistics(path: str, text: str) -> Reading | None:
    """The counters in ``text``, None when it is no ``netstat -s`` of Linux."""
    if "Tcp:" not in text or "segments received" not in text:
        return None
    rows, group, names = Rows(path, COUNTERS), "", None
    for number, line in numbered(text):
        stripped = line.strip()
        if (head := _HEAD.fullmatch(line.rstrip())) is not None:
            group, names = head[1], _NAMES.get(head[1], {})
            rows.lines += 1
        elif line[0] not in " \t" or names is None:
            group, names = ("", None) if not rows.date(line) else (group, names)
        elif stripped in _HISTOGRAMS:
            names = _HISTOGRAMS[stripped]
            rows.lines += 1
        elif (found := _counter(group, names, stripped)) is not None:
            rows.add(number, "", *found)
            if len(line) - len(line.lstrip()) < _DEEPER:
                names = _NAMES.get(group, {})
        elif stripped.startswith(_STATIC) or _NAMED.fullmatch(stripped) or group == "Sctp":
            rows.lines += 1
        else:
            rows.unreadable(number, "no counter that is known by this sentence")
    return rows.reading("netstat -s")


_DEEPER = 8
"""Columns that a histogram is indented by; the counters after it are less."""


def _counter(group: str, names: dict[str, str], sentence: str) -> tuple[str, int] | None:
    named = _NAMED.fullmatch(sentence)
    if named is not None and sentence.partition(":")[0] + ": #" not in names:
        name, value = group + named[1], whole(named[2])
        return None if value is None or name in _SETTINGS else (name, value)
    found = _NUMBER.search(sentence)
    if found is None or (value := whole(found[0])) is None:
        return None
    shape = f"{sentence[: found.start()]}#{sentence[found.end() :]}".rstrip(".")
    # After a histogram the plain sentences of the group go on.
    known = names.get(shape) or _NAMES.get(group, {}).get(shape)
    return (known, value) if known else None
