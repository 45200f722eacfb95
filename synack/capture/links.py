"""Link types: the numbers and the names."""

from __future__ import annotations

# https://www.tcpdump.org/linktypes.html
NULL, ETHERNET, RAW_BSD, RAW_OPENBSD, RAW, LOOP = 0, 1, 12, 14, 101, 108
SLL, IPV4, IPV6, SLL2 = 113, 228, 229, 276
LINK_TYPES = {
    NULL: "NULL",
    ETHERNET: "EN10MB",
    RAW_BSD: "RAW",
    RAW_OPENBSD: "RAW",
    RAW: "RAW",
    LOOP: "LOOP",
    SLL: "LINUX_SLL",
    IPV4: "IPV4",
    IPV6: "IPV6",
    SLL2: "LINUX_SLL2",
}
"""Link types that are understood, with tcpdump's names."""
