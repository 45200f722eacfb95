"""Neighbor tables of every system but Linux, as their tools print them, and what they say.

Each sample names its source: the test data of public parsers (ntc-templates, Apache-2.0; jc,
MIT), documentation, or the source code of the tool. Some rows were added by the manual.
"""

from __future__ import annotations

from typing import NamedTuple

from synack.addresses import format_ip, format_mac
from synack.neighbors.entry import Entry


class Sample(NamedTuple):
    """One dump: what it is recognised as, where it is from, itself, and its entries, as
    :func:`shown` prints them. ``unread`` are the lines that are not read."""

    format: str
    source: str
    text: str
    rows: str
    unread: tuple[int, ...] = ()


def shown(entry: Entry) -> str:
    """Address, interface, MAC, state and flags; then the ages that are there."""
    words = [format_ip(*entry.ip), entry.interface, format_mac(entry.mac), entry.state]
    words.append(entry.flags.replace(" ", "+"))
    for name in ("used_s", "confirmed_s", "updated_s", "probes"):
        value = getattr(entry, name)
        if value is not None:
            words.append(f"{name}={value}")
    return " ".join(word or "-" for word in words)


def table(entries: list[Entry]) -> str:
    return "".join(f"{shown(entry)}\n" for entry in entries)


SAMPLES = {
    "freebsd": Sample(
        "arp -a (BSD)",
        "jc freebsd12/arp-a; the last four rows by usr.sbin/arp/arp.c",
        """\
? (192.168.71.163) at 00:0c:29:1a:4e:3b on em0 permanent [ethernet]
? (192.168.71.2) at 00:50:56:f7:4a:fc on em0 expires in 942 seconds [ethernet]
? (10.10.10.141) at 42:c5:38:e1:54:c7 on vtnet1_vlan10 expires in 1162 seconds [vlan]
gateway.example (192.168.71.9) at (incomplete) on em0 expired [ethernet]
? (192.168.71.10) at 00:50:56:c0:00:08 on em0 expired [ethernet]
? (192.168.71.11) at 00:50:56:c0:00:09 on em0 permanent published [ethernet]
""",
        """\
192.168.71.163 em0 00:0c:29:1a:4e:3b PERMANENT permanent
192.168.71.2 em0 00:50:56:f7:4a:fc - -
10.10.10.141 vtnet1_vlan10 42:c5:38:e1:54:c7 - -
192.168.71.9 em0 - INVALID incomplete
192.168.71.10 em0 00:50:56:c0:00:08 INVALID expired
192.168.71.11 em0 00:50:56:c0:00:09 PERMANENT permanent+published
""",
    ),
    "macos": Sample(
        "arp -a (BSD)",
        "jc osx-10.14.6/arp-a, arp-a2 and osx-10.11.6",
        """\
tv.attlocal.net (192.168.1.187) at 50:32:37:d7:f4:9b on en0 ifscope [ethernet]
mycloud.attlocal.net (192.168.1.80) at 0:90:a9:ed:f4:3f on en0 ifscope [ethernet]
mac.attlocal.net (192.168.1.222) at a4:83:e7:2d:63:8f on en0 ifscope permanent [ethernet]
? (169.254.77.120) at (incomplete) on en1 [ethernet]
? (169.254.81.142) at 60:93:17:3a:28:fc on en0 [ethernet]
? (224.0.0.251) at 1:0:5e:0:0:fb on en0 ifscope permanent [ethernet]
""",
        """\
192.168.1.187 en0 50:32:37:d7:f4:9b - ifscope
192.168.1.80 en0 00:90:a9:ed:f4:3f - ifscope
192.168.1.222 en0 a4:83:e7:2d:63:8f PERMANENT ifscope+permanent
169.254.77.120 en1 - INVALID incomplete
169.254.81.142 en0 60:93:17:3a:28:fc - -
224.0.0.251 en0 01:00:5e:00:00:fb PERMANENT ifscope+permanent
""",
    ),
    "macos-l": Sample(
        "arp -al (macOS)",
        "real-world-systems.com, arp; header by apple arp.c",
        """\
Neighbor                Linklayer Address Expire(O) Expire(I)          Netif Refs Prbs
192.168.1.1             0:7f:28:cc:a9:f1  10s       10s                  en1    1
192.168.1.9             (incomplete)      (none)    (none)               en1
239.255.255.250         1:0:5e:7f:ff:fa   (none)    (none)               en0
""",
        """\
192.168.1.1 en1 00:7f:28:cc:a9:f1 - -
192.168.1.9 en1 - INVALID incomplete
239.255.255.250 en0 01:00:5e:7f:ff:fa - -
""",
    ),
    "netbsd": Sample(
        "arp -a (BSD)",
        "NetBSD usr.sbin/arp/arp.c",
        """\
? (10.0.0.1) at 00:0c:29:b2:f0:01 on wm0
? (10.0.0.2) at (incomplete) on wm0
? (10.0.0.15) at 08:00:27:bd:cb:77 on wm0 permanent published (proxy only)
""",
        """\
10.0.0.1 wm0 00:0c:29:b2:f0:01 - -
10.0.0.2 wm0 - INVALID incomplete
10.0.0.15 wm0 08:00:27:bd:cb:77 PERMANENT permanent+proxy+published
""",
    ),
    "openbsd": Sample(
        "arp -a (OpenBSD)",
        "test data of checklayer2link; nsh's manual",
        """\
Host                     Ethernet Address   Netif Expire     Flags
10.61.0.254              00:30:88:02:0e:0d  carp1 8m38s     \x20
85.14.151.86             00:00:5e:00:01:05  carp5 permanent  l
91.226.28.0              (incomplete)         em0 expired
10.0.2.3                 52:54:00:12:35:03    em0 permanent \x20
""",
        """\
10.61.0.254 carp1 00:30:88:02:0e:0d - -
85.14.151.86 carp5 00:00:5e:00:01:05 PERMANENT own+permanent
91.226.28.0 em0 - INVALID incomplete
10.0.2.3 em0 52:54:00:12:35:03 PERMANENT permanent
""",
    ),
    "aix": Sample(
        "arp -a (AIX)",
        "jc aix-7.1/arp-a; IBM's manual of arp",
        """\
? (1.2.3.4) at 5:6:7:8:9:a [ethernet] permanent published stored in bucket 93
  mydesk (9.3.63.10) at 0:14:5e:7c:a3:11 [ethernet] stored in bucket 12
caju6 (9.3.63.4) at (incomplete)

bucket:    0     contains:    0 entries
bucket:   12     contains:    1 entries
There are 3 entries in the arp table.
""",
        """\
1.2.3.4 - 05:06:07:08:09:0a PERMANENT permanent+published
9.3.63.10 - 00:14:5e:7c:a3:11 - -
9.3.63.4 - - INVALID incomplete
""",
    ),
    "solaris": Sample(
        "arp -a (Solaris)",
        "ohai's comments on arp -na; netwib's on Solaris 8",
        """\
Net to Media Table: IPv4
Device   IP Address               Mask      Flags      Phys Addr
------ -------------------- --------------- -------- ---------------
e1000g0 192.168.10.1         255.255.255.255 o        00:0c:29:ca:44:db
net0   37.153.96.85         255.255.255.255          90:b8:d0:2a:0a:23
net1   10.224.0.34          255.255.255.255 SPLA     90:b8:d0:6c:08:fa
elx1   192.168.1.1          255.255.255.255 U
e1000g0 224.0.0.0            240.0.0.0       SM       01:00:5e:00:00:00
""",
        """\
192.168.10.1 e1000g0 00:0c:29:ca:44:db - old
37.153.96.85 net0 90:b8:d0:2a:0a:23 - -
10.224.0.34 net1 90:b8:d0:6c:08:fa PERMANENT authority+own+published+static
192.168.1.1 elx1 - INVALID incomplete
224.0.0.0 e1000g0 01:00:5e:00:00:00 PERMANENT mapping+static
""",
    ),
    "ndp-freebsd": Sample(
        "ndp -a",
        "a test of lenslib; the last rows by usr.sbin/ndp/ndp.c",
        """\
Neighbor                             Linklayer Address  Netif Expire    S Flags
fe80::1%vtnet1_vlan10                bc:24:11:3e:e7:28 vtnet1_vlan10 23h59m48s S R
2003:e8:6fff:2ac5:be24:11ff:fe21:6cf3 (incomplete)     pppoe0 permanent R
2001:db8::7                          (incomplete)         em0 2s        I  3
2001:db8::8                          52:54:00:12:34:56    em0 expired   P  2
fe80::20c:29ff:fe88:20d2%em0         00:0c:29:88:20:d2    em0 permanent R
""",
        """\
fe80::1 vtnet1_vlan10 bc:24:11:3e:e7:28 STALE router
2003:e8:6fff:2ac5:be24:11ff:fe21:6cf3 pppoe0 - PERMANENT permanent
2001:db8::7 em0 - INCOMPLETE - probes=3
2001:db8::8 em0 52:54:00:12:34:56 PROBE - probes=2
fe80::20c:29ff:fe88:20d2 em0 00:0c:29:88:20:d2 PERMANENT permanent
""",
    ),
    "ndp-macos": Sample(
        "ndp -a",
        "macOS ndp -an as quoted in public parsers' tests",
        """\
Neighbor                                Linklayer Address  Netif Expire    St Flgs Prbs
240d:f:a5a:1400:edc:91ff:fea2:4db1      c:dc:91:a2:4d:b1    en10 23h56m56s S
fe80::1%lo0                             (incomplete)         lo0 permanent R
fe80::1234:5678:abcd:ef01%en0           (incomplete)         en0 expired   N
fe80::1%en0                             3c:22:fb:11:22:33    en0 23h59m58s R  R
""",
        """\
240d:f:a5a:1400:edc:91ff:fea2:4db1 en10 0c:dc:91:a2:4d:b1 STALE -
fe80::1 lo0 - PERMANENT permanent
fe80::1234:5678:abcd:ef01 en0 - NONE -
fe80::1 en0 3c:22:fb:11:22:33 REACHABLE router
""",
    ),
    "arpwatch": Sample(
        "arpwatch arp.dat",
        "arpwatch(8): three or four fields; -C writes no leading zeros",
        """\
00:08:e1:01:02:d6\t10.0.1.77\t1795420121\tproducer-1
0:8:e1:1:2:d7\t10.0.1.77\t1795424121
0a:e6:f1:c2:6b:30\t10.0.1.10\t1795424133\tbroker-1\teth0
""",
        """\
10.0.1.77 - 00:08:e1:01:02:d6 - heard
10.0.1.77 - 00:08:e1:01:02:d7 - heard
10.0.1.10 - 0a:e6:f1:c2:6b:30 - heard
""",
    ),
    "windows": Sample(
        "arp -a (Windows)",
        "Microsoft's documentation of arp; a test of a public parser; Omega's manual",
        """\

Interface: 192.168.1.118 --- 0xb
  Internet Address      Physical Address      Type
  192.168.1.1           00-e0-67-1f-26-c9     dynamic  \x20
  192.168.1.96          00-03-34-00-00-23     dynamic  \x20
  192.168.1.97          00-00-00-00-00-00     invalid
  192.168.1.255         ff-ff-ff-ff-ff-ff     static   \x20
  224.0.0.22            01-00-5e-00-00-16     static   \x20

Interface: 192.168.56.1 --- 0x3
  Internet Address      Physical Address      Type
  192.168.56.255        ff-ff-ff-ff-ff-ff     static   \x20
""",
        """\
192.168.1.1 11 00:e0:67:1f:26:c9 - dynamic
192.168.1.96 11 00:03:34:00:00:23 - dynamic
192.168.1.97 11 - INVALID invalid
192.168.1.255 11 ff:ff:ff:ff:ff:ff PERMANENT static
224.0.0.22 11 01:00:5e:00:00:16 PERMANENT static
192.168.56.255 3 ff:ff:ff:ff:ff:ff PERMANENT static
""",
    ),
    "windows-de": Sample(
        "arp -a (Windows)",
        "the same in German",
        """\

Schnittstelle: 10.0.0.5 --- 0x12
  Internetadresse       Physische Adresse     Typ
  10.0.0.1              90-6c-ac-4b-60-56     dynamisch\x20
  10.0.0.255            ff-ff-ff-ff-ff-ff     statisch \x20
""",
        """\
10.0.0.1 18 90:6c:ac:4b:60:56 - dynamic
10.0.0.255 18 ff:ff:ff:ff:ff:ff PERMANENT static
""",
        (3,),
    ),
    "netsh": Sample(
        "netsh show neighbors",
        "tests and notes on netsh interface ipv4|ipv6 show neighbors",
        """\

Interface 8: Ethernet


Internet Address                              Physical Address   Type
--------------------------------------------  -----------------  -----------
fe80::ee71:dbff:fea0:dd01                     ec-71-db-a0-dd-01  Stale
fe80::1                                       c8-9e-43-50-53-51  Reachable (Router)
10.0.0.3                                      00-00-00-00-00-00  Unreachable
10.0.0.8                                      80-9f-9b-8f-7b-18  Probe
192.168.1.2                                   Unreachable        Unreachable
ff02::16                                      33-33-00-00-00-16  Permanent

Interface 12: Wi-Fi 2

Internet Address                              Physical Address   Type
--------------------------------------------  -----------------  -----------
10.0.1.6                                      fc-f1-36-80-aa-fe  Reachable
""",
        """\
fe80::ee71:dbff:fea0:dd01 Ethernet ec:71:db:a0:dd:01 STALE -
fe80::1 Ethernet c8:9e:43:50:53:51 REACHABLE router
10.0.0.3 Ethernet - INVALID unreachable
10.0.0.8 Ethernet 80:9f:9b:8f:7b:18 PROBE -
192.168.1.2 Ethernet - INVALID unreachable
ff02::16 Ethernet 33:33:00:00:00:16 PERMANENT -
10.0.1.6 Wi-Fi 2 fc:f1:36:80:aa:fe REACHABLE -
""",
    ),
    "netsh-it": Sample(
        "netsh show neighbors",
        "a public test: the same in Italian",
        """\
Interfaccia 5: Ethernet

Indirizzo Internet                            Indirizzo fisico   Tipo
--------------------------------------------  -----------------  -----------
192.168.1.1                                   d4-1a-d1-82-11-20  Raggiungibile
192.168.1.141                                 Non raggiungibile  Non raggiungibile
""",
        """\
192.168.1.1 Ethernet d4:1a:d1:82:11:20 - -
192.168.1.141 Ethernet - INVALID -
""",
        (3,),
    ),
    "net-neighbor": Sample(
        "Get-NetNeighbor",
        "Get-NetNeighbor as quoted in public notes",
        """\

ifIndex IPAddress                                          LinkLayerAddress      State       PolicyStore
------- ---------                                          ----------------      -----       -----------
17      ff02::1:ffd0:8c47                                  33-33-FF-D0-8C-47     Permanent   ActiveStore
54      172.16.30.1                                        90-6C-AC-4B-60-56     Reachable   ActiveStore
54      172.16.30.9                                        00-00-00-00-00-00     Unreachable ActiveStore
54      fe80::201:5ff:fea3:e942%54                         00-01-05-A3-E9-42     Stale       ActiveStore
1       ff02::16                                                                 Permanent   ActiveStore
""",
        """\
ff02::1:ffd0:8c47 17 33:33:ff:d0:8c:47 PERMANENT -
172.16.30.1 54 90:6c:ac:4b:60:56 REACHABLE -
172.16.30.9 54 - INVALID unreachable
fe80::201:5ff:fea3:e942 54 00:01:05:a3:e9:42 STALE -
ff02::16 1 - PERMANENT -
""",
    ),
    "net-neighbor-list": Sample(
        "Get-NetNeighbor",
        "Get-NetNeighbor | Format-List, by its documentation",
        """\


InterfaceAlias   : Ethernet 2
InterfaceIndex   : 12
IPAddress        : 10.0.1.77
LinkLayerAddress : 0A-DE-AD-00-00-01
State            : Reachable

InterfaceAlias   : Ethernet 2
InterfaceIndex   : 12
IPAddress        : 10.0.1.78
LinkLayerAddress :\x20
State            : Incomplete

""",
        """\
10.0.1.77 Ethernet 2 0a:de:ad:00:00:01 REACHABLE -
10.0.1.78 Ethernet 2 - INCOMPLETE -
""",
    ),
    "net-neighbor-csv": Sample(
        "Get-NetNeighbor",
        "a test of a public parser: Get-NetNeighbor | ConvertTo-Csv",
        """\
#TYPE Selected.Microsoft.Management.Infrastructure.CimInstance
"ifIndex","IPAddress","LinkLayerAddress","State","PolicyStore","AddressFamily"
"8","fe80::ee71:dbff:fea0:dd01","EC-71-DB-A0-DD-01","Stale","ActiveStore","IPv6"
"8","fe80::e24f:43ff:fee6:af1f","E0-4F-43-E6-AF-1F","Reachable","ActiveStore","IPv6"
"8","10.0.1.77","0A-DE-AD-00-00-01","5","ActiveStore","IPv4"
"8","::1","00-00-00-00-00-00","Permanent","ActiveStore","IPv6"
""",
        """\
fe80::ee71:dbff:fea0:dd01 8 ec:71:db:a0:dd:01 STALE -
fe80::e24f:43ff:fee6:af1f 8 e0:4f:43:e6:af:1f REACHABLE -
10.0.1.77 8 0a:de:ad:00:00:01 REACHABLE -
::1 8 - PERMANENT -
""",
    ),
    "ios": Sample(
        "show ip arp (IOS)",
        "ntc-templates cisco_ios show_ip_arp; neighbor.md 3.7",
        """\
Protocol  Address              Age(min)       Hardware Addr     Type      Interface
Internet  172.16.233.229       -              0000.0c59.f892    ARPA      Ethernet0/0
Internet  172.16.168.254       9              0000.0c36.6965    ARPA      Ethernet0/0\x20
Internet  10.152.1.229            0   488f.5a5a.87ea  ARPA   Vlan1
Internet  10.100.88.199           0   Incomplete      ARPA
Internet  10.0.0.0             -              aabb.cc03.8200    SRP-A
""",
        """\
172.16.233.229 Ethernet0/0 00:00:0c:59:f8:92 - own
172.16.168.254 Ethernet0/0 00:00:0c:36:69:65 - - updated_s=540
10.152.1.229 Vlan1 48:8f:5a:5a:87:ea - - updated_s=0
10.100.88.199 - - INVALID incomplete
10.0.0.0 - aa:bb:cc:03:82:00 - static
""",
    ),
    "ios-v6": Sample(
        "show ipv6 neighbors (IOS)",
        "ntc-templates cisco_ios show_ipv6_neighbors; states by the manual",
        """\
IPv6 Address                              Age Link-layer Addr State Interface
2402:1234:106:100:793A:F08D:5B3A:EF89      33 54e1.addb.200f  STALE Vl6
FE80::208:E3FF:FEFF:FC28                    0 0008.e3ff.fc28  REACH Vl687
FE80::9277:EEFF:FE9B:4E00                   - -               REACH Di0
2001:DB8::7                                 0 -               INCMP Vl6
2001:DB8::8                                 1 0008.e3ff.fc29  PROBE Vl6
""",
        """\
2402:1234:106:100:793a:f08d:5b3a:ef89 Vl6 54:e1:ad:db:20:0f STALE - confirmed_s=1980
fe80::208:e3ff:feff:fc28 Vl687 00:08:e3:ff:fc:28 REACHABLE - confirmed_s=0
fe80::9277:eeff:fe9b:4e00 Di0 - PERMANENT static
2001:db8::7 Vl6 - INCOMPLETE - confirmed_s=0
2001:db8::8 Vl6 00:08:e3:ff:fc:29 PROBE - confirmed_s=60
""",
    ),
    "xr": Sample(
        "show arp (IOS XR)",
        "ntc-templates cisco_xr show_arp",
        """\
-------------------------------------------------------------------------------
0/0/CPU0
-------------------------------------------------------------------------------
Address         Age        Hardware Addr   State      Type  Interface
10.10.10.1      -          5254.0001.9002  Interface  ARPA  GigabitEthernet0/0/0/0
10.10.10.101    01:25:23   aabb.cc00.6500  Dynamic    ARPA  GigabitEthernet0/0/0/0
10.10.10.109    00:00:03   0000.0000.0000  Incomplete ARPA  GigabitEthernet0/0/0/0
10.10.10.110    -          aabb.cc00.6501  Static     ARPA  GigabitEthernet0/0/0/0
""",
        """\
10.10.10.1 GigabitEthernet0/0/0/0 52:54:00:01:90:02 - own
10.10.10.101 GigabitEthernet0/0/0/0 aa:bb:cc:00:65:00 - dynamic updated_s=5123
10.10.10.109 GigabitEthernet0/0/0/0 - INVALID incomplete
10.10.10.110 GigabitEthernet0/0/0/0 aa:bb:cc:00:65:01 PERMANENT static
""",
    ),
    "xr-v6": Sample(
        "show ipv6 neighbors (IOS XR)",
        "ntc-templates cisco_xr show_ipv6_neighbors",
        """\
Fri Oct 11 02:35:25.149 UTC
IPv6 Address                              Age Link-layer Addr State Interface            Location
2001:db8:ffff::12:2                      110  0c07.a11a.b801 REACH Gi0/0/0/0            0/0/CPU0      \x20
fe80::e07:a1ff:fe1a:b801                 99   0c07.a11a.b801 STALE Gi0/0/0/0            0/0/CPU0      \x20
[Mcast adjacency]                           - 0000.0000.0000 REACH Gi0/0/0/0            0/0/CPU0      \x20
""",
        """\
2001:db8:ffff::12:2 Gi0/0/0/0 0c:07:a1:1a:b8:01 REACHABLE -
fe80::e07:a1ff:fe1a:b801 Gi0/0/0/0 0c:07:a1:1a:b8:01 STALE -
""",
        (1,),
    ),
    "nxos": Sample(
        "show ip arp (NX-OS)",
        "ntc-templates cisco_nxos show_ip_arp; neighbor.md 3.7",
        """\

Flags: * - Adjacencies learnt on non-active FHRP router
       + - Adjacencies synced via CFSoE
       # - Adjacencies Throttled for Glean
       D - Static Adjacencies attached to down interface

IP ARP Table for all contexts
Total number of entries: 22
Address         Age       MAC Address     Interface
1.1.1.2         00:00:57  3c60.f40e.f9c3  Ethernet1/41
10.3.1.102      00:18:18  e0ac.b16b.e940  mgmt0
10.10.11.2      00:03:12  aaaa.bbbb.cccc  Vlan11           port-channel1    *
10.45.69.110    1d02h     70e4.225a.5e6a  Ethernet1/1.2151
10.45.69.111    00:00:05  INCOMPLETE      Ethernet1/1.2151
10.215.51.250      -      0000.0c9f.f9d3  Vlan2515
10.215.51.251      -      0200.0c9f.f9d3  Vlan2515
""",
        """\
1.1.1.2 Ethernet1/41 3c:60:f4:0e:f9:c3 - - updated_s=57
10.3.1.102 mgmt0 e0:ac:b1:6b:e9:40 - - updated_s=1098
10.10.11.2 Vlan11 aa:aa:bb:bb:cc:cc - - updated_s=192
10.45.69.110 Ethernet1/1.2151 70:e4:22:5a:5e:6a - - updated_s=93600
10.45.69.111 Ethernet1/1.2151 - INVALID incomplete updated_s=5
10.215.51.250 Vlan2515 00:00:0c:9f:f9:d3 - own
10.215.51.251 Vlan2515 02:00:0c:9f:f9:d3 - static
""",
    ),
    "nxos-detail": Sample(
        "show ip arp (NX-OS)",
        "ntc-templates cisco_nxos show_ip_arp_detail_vrf_all",
        """\
IP ARP Table for all contexts
Total number of entries: 350
Address         Age       MAC Address     Interface        Physical Interface  Flags    VRF Name
10.255.0.2      00:09:24  14a2.a070.52a7  Vlan666          port-channel1000             default
10.233.6.6      00:14:04  d0d0.fd61.ecc1  Vlan3            Ethernet1/9         +        PRIMARY
""",
        """\
10.255.0.2 Vlan666 14:a2:a0:70:52:a7 - - updated_s=564
10.233.6.6 Vlan3 d0:d0:fd:61:ec:c1 - vrf=PRIMARY updated_s=844
""",
    ),
    "nxos-v6": Sample(
        "show ipv6 neighbor (NX-OS)",
        "comments and tests of public parsers",
        """\
IPv6 Adjacency Table for VRF default
Total number of entries: 3
Address         Age       MAC Address     Pref Source     Interface
2001:db8:2::3   00:08:40  0000.0000.0203  50   icmpv6     Ethernet1/46
bff:a90:c405:120::52
                    3w0d  9440.c988.b6fd  50   icmpv6     Vlan376
2620:0:e50:1::b    1d01h  84b5.9ca0.bf39  50   icmpv6     Ethernet14/7
""",
        """\
2001:db8:2::3 Ethernet1/46 00:00:00:00:02:03 - - updated_s=520
bff:a90:c405:120::52 Vlan376 94:40:c9:88:b6:fd - - updated_s=1814400
2620:0:e50:1::b Ethernet14/7 84:b5:9c:a0:bf:39 - - updated_s=90000
""",
    ),
    "asa": Sample(
        "show arp (ASA)",
        "ntc-templates cisco_asa show_arp; static and alias by the manual",
        """\
        outside 1.2.3.4 444e.6df8.b97e 15
        DMZ 192.168.10.9 0013.2401.01a3 5054
        INSIDE 10.0.0.1 2401.c75e.3acb 12074
        inside 10.0.0.2 2401.c75e.3acc -
        inside 10.0.0.3 2401.c75e.3acd alias
""",
        """\
1.2.3.4 outside 44:4e:6d:f8:b9:7e - - updated_s=15
192.168.10.9 DMZ 00:13:24:01:01:a3 - - updated_s=5054
10.0.0.1 INSIDE 24:01:c7:5e:3a:cb - - updated_s=12074
10.0.0.2 inside 24:01:c7:5e:3a:cc PERMANENT static
10.0.0.3 inside 24:01:c7:5e:3a:cd - alias+proxy
""",
    ),
    "eos": Sample(
        "show ip arp (EOS)",
        "ntc-templates arista_eos show_ip_arp",
        """\
Address         Age (min)  Hardware Addr   Interface
172.25.0.2              3  004c.6211.021e  Vlan101, Port-Channel2
172.22.0.2              0  004c.6219.a0f3  Ethernet1
""",
        """\
172.25.0.2 Vlan101 00:4c:62:11:02:1e - - updated_s=180
172.22.0.2 Ethernet1 00:4c:62:19:a0:f3 - - updated_s=0
""",
    ),
    "eos-vrf": Sample(
        "show ip arp (EOS)",
        "ntc-templates arista_eos show_ip_arp1",
        """\
VRF: MGMT
Address         Age (sec)  Hardware Addr   Interface
10.1.1.1          0:00:07  004c.6211.113e  Vlan1

VRF: default
Address         Age (sec)  Hardware Addr   Interface
172.16.0.1              12 004c.6211.223b  Vlan101, Port-Channel2
10.10.1.1              N/A 0002.00ff.555e  Vlan1, not learned
""",
        """\
10.1.1.1 Vlan1 00:4c:62:11:11:3e - vrf=MGMT updated_s=7
172.16.0.1 Vlan101 00:4c:62:11:22:3b - - updated_s=12
10.10.1.1 Vlan1 00:02:00:ff:55:5e - unlearned
""",
    ),
    "eos-v6": Sample(
        "show ipv6 neighbors (EOS)",
        "a public walk-through of EOS and NX-OS",
        """\
IPv6 Address                                  Age Hardware Addr   Interface
fe80::5200:ff:fed7:ee0b                   0:16:51 5000.00d7.ee0b  Et1
fe80::205:86ff:fe71:603                   0:00:24 0205.8671.0603  Et2
""",
        """\
fe80::5200:ff:fed7:ee0b Et1 50:00:00:d7:ee:0b - - updated_s=1011
fe80::205:86ff:fe71:603 Et2 02:05:86:71:06:03 - - updated_s=24
""",
    ),
    "junos": Sample(
        "show arp (Junos)",
        "ntc-templates juniper_junos; public sessions with names and flags",
        """\
MAC Address       Address         Name                      Interface               Flags
50:00:00:01:00:01 169.254.0.1     169.254.0.1               em1.0                   none
0a:58:0a:0b:0b:1b 192.168.99.1    192.168.99.1              irb.0 [xe-0/0/1.0]      none
01:00:5e:7f:00:01 10.0.0.1        vip.example               vlan.32                 permanent
00:11:22:33:44:55 1.2.3.4         1.2.3.4                   fxp0.0                  permanent published
Total entries: 4

{master:0}
""",
        """\
169.254.0.1 em1.0 50:00:00:01:00:01 - -
192.168.99.1 irb.0 0a:58:0a:0b:0b:1b - -
10.0.0.1 vlan.32 01:00:5e:7f:00:01 PERMANENT permanent
1.2.3.4 fxp0.0 00:11:22:33:44:55 PERMANENT permanent+published
""",
    ),
    "junos-no-resolve": Sample(
        "show arp (Junos)",
        "ntc-templates juniper_junos show_arp_no-resolve",
        """\
MAC Address       Address         Interface     Flags
00:00:00:00:00:04 10.1.100.130    vlan.20        none
00:00:00:00:13:13 10.1.13.13      vlan.20        none    1153
Total entries: 2
""",
        """\
10.1.100.130 vlan.20 00:00:00:00:00:04 - -
10.1.13.13 vlan.20 00:00:00:00:13:13 - -
""",
    ),
    "junos-v6": Sample(
        "show ipv6 neighbors (Junos)",
        "public sessions on EX4200 and QFX; the last by RFC 4861",
        """\
IPv6 Address                 Linklayer Address  State       Exp Rtr Secure Interface
2001:192:168:2:20c:29ff:fe4f:26c5
                             00:0c:29:4f:26:c5  stale       1110 no no      vlan.200   \x20
fe80::242:acff:fe12:4        02:42:ac:12:00:04  reachable   36 yes no     ge-0/0/2.0
2001:db8::9                  none               unreachable 0  no no      ge-0/0/2.0
Total entries: 3
""",
        """\
2001:192:168:2:20c:29ff:fe4f:26c5 vlan.200 00:0c:29:4f:26:c5 STALE -
fe80::242:acff:fe12:4 ge-0/0/2.0 02:42:ac:12:00:04 REACHABLE router
2001:db8::9 ge-0/0/2.0 - INVALID unreachable
""",
    ),
    "panos": Sample(
        "show arp all (PAN-OS)",
        "ntc-templates paloalto_panos show_arp_all; the last rows by its legend",
        """\

maximum of entries supported :      1500
default timeout:                    1800 seconds
total ARP entries in table :        5
total ARP entries shown :           5
status: s - static, c - complete, e - expiring, i - incomplete

interface         ip address      hw address        port              status   ttl
--------------------------------------------------------------------------------
ethernet1/1       172.25.1.254    08:30:6b:26:43:30 ethernet1/1         c      627
vlan.1            172.25.2.195    00:50:00:00:07:00 ethernet1/2.110     e      12
vlan.1            172.25.2.196    (incomplete)      ethernet1/2.111     i      1
vlan.1            172.25.2.197    00:50:00:00:08:00 ethernet1/2.111     s      0
""",
        """\
172.25.1.254 ethernet1/1 08:30:6b:26:43:30 - complete
172.25.2.195 vlan.1 00:50:00:00:07:00 - expiring
172.25.2.196 vlan.1 - INVALID incomplete
172.25.2.197 vlan.1 00:50:00:00:08:00 PERMANENT static
""",
    ),
    "routeros": Sample(
        "/ip arp print",
        "ntc-templates mikrotik_routeros ip_arp_print",
        """\
Flags: X - disabled, I - invalid, H - DHCP, D - dynamic, P - published, C - complete
 #    ADDRESS         MAC-ADDRESS       INTERFACE
 0 DC 10.160.1.230    12:34:56:78:90:AA ether2
 1    10.152.1.230    12:34:56:78:90:AB ether5
 2 X  10.152.1.231    12:34:56:78:90:AC ether5
 3 D  10.152.1.232                      ether4
 4 P  10.152.1.233    12:34:56:78:90:AD ether4
""",
        """\
10.160.1.230 ether2 12:34:56:78:90:aa - dynamic
10.152.1.230 ether5 12:34:56:78:90:ab PERMANENT static
10.152.1.231 ether5 12:34:56:78:90:ac PERMANENT disabled+static
10.152.1.232 ether4 - INVALID dynamic+incomplete
10.152.1.233 ether4 12:34:56:78:90:ad - proxy+published
""",
    ),
    "routeros-7": Sample(
        "/ip arp print",
        "MikroTik's manual of ARP",
        """\
Flags: D - DYNAMIC; C - COMPLETE
Columns: ADDRESS, MAC-ADDRESS, INTERFACE, VRF, STATUS
 #    ADDRESS         MAC-ADDRESS       INTERFACE     VRF   STATUS
 0 DC 10.155.101.217  08:00:27:3C:79:3A ether1        main  reachable
 1 D  10.155.101.218  08:00:27:3C:79:3B ether1        red   failed
""",
        """\
10.155.101.217 ether1 08:00:27:3c:79:3a REACHABLE dynamic
10.155.101.218 ether1 08:00:27:3c:79:3b FAILED dynamic+vrf=red
""",
    ),
    "routeros-detail": Sample(
        "/ip arp print",
        "a public test: print detail of RouterOS 7",
        """\
# 2026-06-25 16:19:04 by RouterOS 7.21.4
#
Flags: X - disabled, I - invalid, H - dhcp, D - dynamic, P - published; C - complete
 0 D  address=10.8.2.162 mac-address=B4:2E:99:B7:1A:12 interface=ether1
      published=no status="failed" vrf=main
 1 DC address=10.8.2.119 mac-address=9C:AE:D3:B1:F6:D8 interface=ether1
      published=no status="stale" vrf=red
""",
        """\
10.8.2.162 ether1 b4:2e:99:b7:1a:12 FAILED dynamic
10.8.2.119 ether1 9c:ae:d3:b1:f6:d8 STALE dynamic+vrf=red
""",
    ),
    "routeros-terse": Sample(
        "/ip arp print",
        "a public test: print terse",
        """\
 0 DC address=10.0.0.2 mac-address=84:3A:5B:22:49:D0 interface=bridge1 published=no status=delay
 1 D address=10.0.0.3 interface=bridge1 published=no status=incomplete
 2 address=10.0.0.4 mac-address=84:3A:5B:22:49:D1 interface=bridge1 published=yes status=permanent
""",
        """\
10.0.0.2 bridge1 84:3a:5b:22:49:d0 DELAY dynamic
10.0.0.3 bridge1 - INCOMPLETE dynamic
10.0.0.4 bridge1 84:3a:5b:22:49:d1 - proxy+published
""",
    ),
    "vrp": Sample(
        "display arp (VRP)",
        "ntc-templates huawei_vrp display_arp_all; Huawei's command reference",
        """\
IP ADDRESS      MAC ADDRESS     EXPIRE(M) TYPE        INTERFACE   VPN-INSTANCE
                                          VLAN/CEVLAN PVC
----------------------------------------------------------------------------------------
192.168.0.1     4cf5-5b2e-3d0a            I -         Eth0/0/0         __LOCAL_OAM_VPN__
10.110.138.3    74c9-9ae5-f147  19        D-0         Eth-Trunk1.201   Abis_IP
                                           201/-
192.168.120.1   7054-f5df-9b40 3         D-0   GE0/0/0
10.2.2.2        Incomplete      1         D-0         GE0/0/1
10.2.2.3        0000-0a41-0200            S--                          MOBILE-OAM
------------------------------------------------------------------------------
Total:5         Dynamic:3       Static:1     Interface:1
""",
        """\
192.168.0.1 Eth0/0/0 4c:f5:5b:2e:3d:0a - own+vrf=__LOCAL_OAM_VPN__
10.110.138.3 Eth-Trunk1.201 74:c9:9a:e5:f1:47 - dynamic+vrf=Abis_IP
192.168.120.1 GE0/0/0 70:54:f5:df:9b:40 - dynamic
10.2.2.2 GE0/0/1 - INVALID incomplete
10.2.2.3 - 00:00:0a:41:02:00 PERMANENT static+vrf=MOBILE-OAM
""",
    ),
    "comware": Sample(
        "display arp (Comware)",
        "ntc-templates hp_comware display_arp; a public session; HPE's manual",
        """\
  Type: S-Static   D-Dynamic   O-Openflow   R-Rule   M-Multiport  I-Invalid
IP address      MAC address    VLAN/VSI name Interface                Aging Type
10.20.1.254     001e-c1dc-fc01 1             XGE1/0/47                16    D
10.95.8.31      6893-20e1-51cf vxlan4094     BAGG55                   894   D
20.1.1.1        00e0-fc00-0001 N/A           N/A                      N/A   S
20.1.1.2        00e0-fc00-0002 1             GE1/0/1                  N/A   I
""",
        """\
10.20.1.254 XGE1/0/47 00:1e:c1:dc:fc:01 - dynamic
10.95.8.31 BAGG55 68:93:20:e1:51:cf - dynamic
20.1.1.1 - 00:e0:fc:00:00:01 PERMANENT static
20.1.1.2 GE1/0/1 00:e0:fc:00:00:02 INVALID invalid
""",
    ),
    "fortios": Sample(
        "get system arp",
        "ntc-templates fortinet get_system_arp",
        """\
Address           Age(min)   Hardware Addr      Interface
192.168.1.4       0          b0:a8:6e:01:61:81 lan
192.168.1.114     4          40:cb:c0:ce:81:85 lan
""",
        """\
192.168.1.4 lan b0:a8:6e:01:61:81 - -
192.168.1.114 lan 40:cb:c0:ce:81:85 - -
""",
    ),
}
