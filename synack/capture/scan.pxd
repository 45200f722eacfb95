# C types for scan.py; the code itself is there, in plain Python.
cimport cython

ctypedef unsigned long long u64
ctypedef unsigned int u32
ctypedef long long i64
ctypedef const unsigned char* Bytes

cdef int _INCOMPLETE, _SPECIAL, _FULL, _INTERFACES, _PROBES
cdef int _SYN_KIND, _SYN_ACK_KIND, _ACK_KIND, _RST_KIND
cdef u64 _ALL_ONES, _LONGEST, _MIX_A, _MIX_B, _MIX_C, _MIX_D, _MIX_E, _V4
cdef i64 _NO_TIME, _LATEST, _LARGE

@cython.final
cdef class Pending:
    cdef Py_ssize_t mask, limit, used, young
    cdef unsigned short[::1] marks
    cdef u64[::1] keys
    cdef u32[::1] armed

    @cython.locals(forward=bint, mine=int, other=int, a_hi=u64, a_lo=u64, b_hi=u64,
                   b_lo=u64, mixed=u64, start=u64, slot=Py_ssize_t, mark=int, ports=u32)
    cpdef bint wants(self, int kind, u64 src_hi, u64 src_lo, u32 src_port,
                     u64 dst_hi, u64 dst_lo, u32 dst_port) except -1 nogil
    @cython.locals(slots=Py_ssize_t, base=Py_ssize_t, at=Py_ssize_t, key=Py_ssize_t, tag=u32,
                   mark=u32)
    cdef Py_ssize_t _find(self, u64 start, u64 a_hi, u64 a_lo, u64 b_hi, u64 b_lo,
                          u32 ports) except -2 nogil
    @cython.locals(slots=Py_ssize_t, slot=Py_ssize_t, before=int, base=Py_ssize_t, bucket=u64,
                   at=Py_ssize_t, key=Py_ssize_t, tag=u32)
    cdef int _arm(self, u64 start, u64 a_hi, u64 a_lo, u64 b_hi, u64 b_lo, u32 ports,
                  int more) except -1 nogil
    @cython.locals(base=Py_ssize_t, at=Py_ssize_t, key=Py_ssize_t, ports=u32, bucket=u64)
    cdef int _age(self) except -1 nogil


    @cython.locals(forward=bint, mine=int, a_hi=u64, a_lo=u64, b_hi=u64, b_lo=u64,
                   slot=Py_ssize_t, ports=u32)
    cdef bint waits(self, u64 src_hi, u64 src_lo, u32 src_port,
                    u64 dst_hi, u64 dst_lo, u32 dst_port) except -1 nogil


@cython.final
cdef class Scanner:
    cdef public i64 capture, file, frames, packets, tcp, syn, syn_ack, rst, arp
    cdef public i64 start, first, last, previous, gap_from, largest_gap, backwards, backwards_by
    cdef public int stopped, unusual
    cdef public Py_ssize_t rows, claim_rows, space, claim_space
    cdef readonly bint counts_only
    cdef public i64 first_interface, interfaces
    cdef public bint blocks, big
    cdef public int header, swap
    cdef public Pending pending
    cdef public int[::1] link_types
    cdef public i64[::1] ticks, shifts, limits
    cdef dict _segments, _claims
    cdef const unsigned char[::1] data
    cdef int[::1] s_file, s_payload, s_interface, s_vlan, s_icmp
    cdef i64[::1] s_frame, s_time, s_tsval, s_tsecr, s_src_mac, s_dst_mac
    cdef u64[::1] s_src_hi, s_src_lo, s_dst_hi, s_dst_lo
    cdef u32[::1] s_seq, s_ack
    cdef unsigned short[::1] s_src_port, s_dst_port, s_flags, s_window, s_ip_id
    cdef unsigned char[::1] s_kind, s_ttl
    cdef signed char[::1] s_direction, c_direction
    cdef int[::1] c_capture, c_file
    cdef i64[::1] c_frame, c_time, c_mac, c_src_mac, c_dst_mac
    cdef short[::1] c_op
    cdef u64[::1] c_ip_hi, c_ip_lo, c_asked_hi, c_asked_lo

    cpdef begin(self, i64 file)
    cdef _bind(self)
    cpdef int note_time(self, i64 time) except -1 nogil
    cdef int _count(self, u32 flags) noexcept nogil
    @cython.locals(row=Py_ssize_t)
    cpdef int put_segment(
        self, i64 time, int kind, u64 src_hi, u64 src_lo, u64 dst_hi, u64 dst_lo,
        u32 src_port, u32 dst_port, u32 seq, u32 ack, u32 flags, u32 window,
        i64 payload, u32 ttl, u32 ip_id, i64 tsval, i64 tsecr, i64 src_mac, i64 dst_mac,
        int direction, i64 interface, int vlan, int icmp) except -1 nogil
    @cython.locals(row=Py_ssize_t)
    cpdef int put_claim(
        self, i64 time, int op, u64 ip_hi, u64 ip_lo, i64 mac, u64 asked_hi, u64 asked_lo,
        i64 src_mac, i64 dst_mac, int direction) except -1 nogil
    cpdef pcap(self, bint big, int header, i64 tick, int swap)
    cpdef pcapng(self, bint big, i64 first, i64 interfaces)
    cpdef Py_ssize_t walk(self, const unsigned char[::1] data, Py_ssize_t begin,
                          Py_ssize_t end) except -1
    @cython.locals(at=Py_ssize_t, blocks=bint, big=bint, counts_only=bint, interface=i64, local=i64,
                   known=i64, link=int, limit=i64, tick=i64, shift=i64, frames=i64, data=i64,
                   last=i64, previous=i64, largest=i64, p=Bytes, tail=Bytes, length=i64,
                   captured=i64, left=i64, frame=Py_ssize_t, after=Py_ssize_t, time=i64,
                   original=i64, common=bint, header=u32)
    cdef Py_ssize_t _walk(self, Py_ssize_t begin, Py_ssize_t end) except -1 nogil
    @cython.locals(vlan=int, macs=int, protocol=u32, network=Py_ssize_t, header=int, total=int,
                   length=i64, carried=int, segment=Py_ssize_t, port=u32, p=Bytes)
    cdef int _frame(self, Py_ssize_t at, Py_ssize_t end, int link,
                    i64 time, i64 interface, int direction) except -1 nogil
    @cython.locals(limit=Py_ssize_t, header=int, flags=u32, kind=int, src_hi=u64, src_lo=u64,
                   dst_hi=u64, dst_lo=u64, ttl=u32, ip_id=u32, src_port=u32, dst_port=u32,
                   tsval=i64, tsecr=i64, at=Py_ssize_t, stop=Py_ssize_t, p=Bytes, ip=Bytes)
    cdef int _tcp(self, Py_ssize_t frame, Py_ssize_t network,
                  Py_ssize_t segment, Py_ssize_t end, i64 length, int macs, i64 time,
                  i64 interface, int direction, int vlan) except -1 nogil
    cdef int _arp(self, Py_ssize_t frame, Py_ssize_t at,
                  Py_ssize_t end, int macs, i64 time, int direction) except -1 nogil

    cdef inline Bytes _bytes(self, Py_ssize_t at, Py_ssize_t length) except NULL nogil
    cdef u32 _u32(self, Py_ssize_t at, bint big) except? 77 nogil
    cdef u32 _be16(self, Py_ssize_t at) except? 77 nogil
    @cython.locals(upper=i64)
    cdef i64 _be48(self, Py_ssize_t at) except? 77 nogil
    @cython.locals(upper=u64)
    cdef u64 _be64(self, Py_ssize_t at) except? 77 nogil
    cdef i64 _source_mac(self, Py_ssize_t frame, int macs) except? 77 nogil


@cython.locals(mixed=u64)
cdef inline u64 _hash(u64 a_hi, u64 a_lo, u64 b_hi, u64 b_lo, u64 ports) noexcept nogil
@cython.locals(top=u32)
cdef inline u32 _word(Bytes p, int at, bint big) noexcept nogil
cdef inline u32 _half(Bytes p, int at) noexcept nogil
cdef inline i64 _apart(u64 later, u64 earlier) noexcept nogil
cdef inline int _direction(u32 packet_type) noexcept nogil
cdef inline bint _is_vlan(u32 protocol) noexcept nogil
