# C types for walk.py; the code itself is there, in plain Python.
cimport cython

ctypedef unsigned long long u64
ctypedef unsigned int u32
ctypedef long long i64

cdef int _SYN, _SYN_ACK, _ACK, _RST, _QUOTE, _OUTBOUND
cdef int _E_SYN, _E_SYN_ACK, _E_ACK, _E_PROGRESS
cdef int _E_RST_SERVER, _E_RST_CLIENT, _E_CHALLENGE, _E_ICMP, _E_COPY, _TWIN, _ELSEWHERE
cdef int _EVENTS, _KEY, _BATCH
cdef i64 _FIRST_FLIGHT, _LARGEST, _LOW, _HALF, _NO_TIME, _SOON, _AT_ONCE
cdef u64 _ALL_ONES

@cython.final
cdef class Walk:
    cdef u64 _key_a, _key_b, _key_c, _key_d, _key_e, _key_f
    cdef const unsigned char[::1] transitions
    cdef public Py_ssize_t connections, attempts, older
    cdef Py_ssize_t _room, found, begin
    cdef readonly dict _held
    cdef public object attempt, event
    cdef u64[::1] by_ends, by_isn, keys, upper, b_hash, b_place, b_slot
    cdef u64[::1] client_hi, client_lo, server_hi, server_lo
    cdef public u64 touched
    cdef int[::1] capture, latest, connection, in_counts, speaks, in_rows
    cdef u32[::1] isn
    cdef unsigned char[::1] has_older, from_high, state, o_event, b_end, several_macs
    cdef unsigned short[::1] seen, client_port, server_port
    cdef i64[::1] first, last, syn_payload, answer, challenge, in_firsts, o_attempt
    cdef i64[::1] row, syn_row, syn_ack_row
    cdef const int[:] s_capture, s_payload, s_interface, s_vlan
    cdef const unsigned char[:] s_kind, s_ttl
    cdef const signed char[:] s_direction
    cdef const u64[:] s_src_hi, s_src_lo, s_dst_hi, s_dst_lo
    cdef const unsigned short[:] s_src_port, s_dst_port, s_flags, s_window, s_ip_id
    cdef const u32[:] s_seq, s_ack
    cdef const i64[:] s_time, s_src_mac, s_dst_mac, s_tsval, s_tsecr

    cdef _make_slots(self, Py_ssize_t rows)
    cdef _make_room(self, Py_ssize_t room)
    cdef _bind(self, dict segments)
    @cython.locals(c=Py_ssize_t, at=Py_ssize_t, mixed=u64)
    cdef int _enter_all_connections(self) except -1 nogil
    @cython.locals(at=Py_ssize_t)
    cdef int _enter_all_older(self, u64[::1] entered) except -1 nogil
    @cython.locals(mask=u64, at=u64)
    cdef int _enter(self, u64 mixed, Py_ssize_t c) except -1 nogil
    @cython.locals(mixed=u64)
    cdef u64 _hash_ends(self, u64 low_hi, u64 low_lo, u64 high_hi, u64 high_lo,
                        u64 place) noexcept nogil
    @cython.locals(mask=u64, at=u64, slot=u64, c=Py_ssize_t, key=Py_ssize_t)
    cdef Py_ssize_t _find(self, u64 mixed, u64 low_hi, u64 low_lo, u64 high_hi, u64 high_lo,
                          u64 place) except -2 nogil
    @cython.locals(mixed=u64)
    cdef u64 _hash_isn(self, u64 place, u64 isn) noexcept nogil
    @cython.locals(attempt=Py_ssize_t, mixed=u64, mask=u64, at=u64)
    cdef Py_ssize_t _of_isn(self, Py_ssize_t c, int high, u32 isn) except -2 nogil
    @cython.locals(c=Py_ssize_t, high=int, mixed=u64, mask=u64, at=u64)
    cdef int _enter_older(self, Py_ssize_t attempt) except -1 nogil
    @cython.locals(before=Py_ssize_t)
    cdef int _make_latest(self, Py_ssize_t c, int high, Py_ssize_t attempt) except -1 nogil
    @cython.locals(c=Py_ssize_t)
    cdef Py_ssize_t _connect(self, u64 mixed, u64 low_hi, u64 low_lo, u64 high_hi, u64 high_lo,
                             u64 place) except -1 nogil
    @cython.locals(new=Py_ssize_t, key=Py_ssize_t, ports=u64)
    cdef Py_ssize_t _open(self, Py_ssize_t c, int high, u32 isn) except -1 nogil
    @cython.locals(row=Py_ssize_t, at=Py_ssize_t, mask=u64, src_hi=u64, src_lo=u64, dst_hi=u64,
                   dst_lo=u64, src_port=u64, dst_port=u64, place=u64, c=Py_ssize_t, touched=u64)
    cdef int _look_up(self, Py_ssize_t begin, Py_ssize_t end) except -1 nogil
    cdef _walk(self, Py_ssize_t begin, Py_ssize_t end)
    @cython.locals(row=Py_ssize_t, kind=int, low_hi=u64, low_lo=u64, high_hi=u64, high_lo=u64,
                   seq=u32, ack=u32, mine=int, other=int, place=u64, mixed=u64, c=Py_ssize_t,
                   event=int, attempt=Py_ssize_t, time=i64, cell=Py_ssize_t, before=i64)
    cdef int _step(self, Py_ssize_t begin, Py_ssize_t end) except -1 nogil
    cdef bint _same(self, Py_ssize_t one, Py_ssize_t other) except -1 nogil
    cdef bint _apart(self, Py_ssize_t one, Py_ssize_t other) except -1 nogil
    cdef int _happen(self, Py_ssize_t attempt, int event, i64 time) except -1 nogil
    @cython.locals(spoke=Py_ssize_t)
    cdef int _note(self, Py_ssize_t attempt, int event, Py_ssize_t row, int end,
                   i64 mac) except -1 nogil
    @cython.locals(beyond=i64)
    cdef bint _covers(self, Py_ssize_t attempt, i64 ack) except -1 nogil
    @cython.locals(found=Py_ssize_t)
    cdef int _syn(self, Py_ssize_t c, int mine, u32 isn, i64 payload) except -1 nogil
    @cython.locals(isn=u32, found=Py_ssize_t, own=Py_ssize_t, peer=Py_ssize_t)
    cdef int _syn_ack(self, Py_ssize_t c, int mine, int other, u32 seq, u32 ack,
                      i64 time) except -1 nogil
    @cython.locals(own=Py_ssize_t, peers=Py_ssize_t, beyond=i64, challenged=i64)
    cdef int _plain(self, Py_ssize_t c, int mine, int other, u32 seq, u32 ack) except -1 nogil
    cdef bint _continues(self, Py_ssize_t peers, i64 seq, i64 beyond) except -1 nogil
    @cython.locals(beyond=i64, flight=i64, further=i64)
    cdef bint _completes(self, Py_ssize_t own, i64 seq, i64 ack) except -1 nogil
    @cython.locals(own=Py_ssize_t, peers=Py_ssize_t, beyond=i64)
    cdef int _reset(self, Py_ssize_t c, int mine, int other, u32 seq, u32 ack) except -1 nogil
    @cython.locals(peers=Py_ssize_t)
    cdef int _quoted(self, Py_ssize_t c, int mine, int other, u32 seq) except -1 nogil


cdef i64 _ahead(i64 later, i64 earlier) noexcept nogil
cdef i64 _distance(i64 one, i64 other) noexcept nogil
