# C types for grouping.py; the code itself is there, in plain Python.
cimport cython

ctypedef unsigned long long u64
ctypedef unsigned int u32
ctypedef long long i64

cdef u64 _ALL_ONES, _LOW
cdef int _BLOCK, _MANY

@cython.locals(row=Py_ssize_t)
cdef int _put(const i64[:] ids, i64[::1] places, i64[::1] order) except -1
@cython.locals(row=Py_ssize_t)
cdef int _first_rows(const i64[:] ids, i64[::1] some) except -1

@cython.final
cdef class _Numbers:
    cdef Py_ssize_t width, found
    cdef u64[::1] keys, known, slots, hashes
    cdef public u64 touched

    cdef _reserve(self, Py_ssize_t rows)
    cdef _next(self, object words, Py_ssize_t begin, object ids)
    @cython.locals(mask=u64, known=Py_ssize_t, place=u64, mixed=u64)
    cdef int _enter_all(self) except -1
    @cython.locals(mixed=u64, at=Py_ssize_t)
    cdef u64 _hash(self, const u64[::1] cells, Py_ssize_t start) except? 77 nogil
    @cython.locals(mask=u64, width=Py_ssize_t, row=Py_ssize_t, start=Py_ssize_t, place=u64,
                   known=Py_ssize_t, at=Py_ssize_t, same=bint, touched=u64, mixed=u64,
                   slot=u64)
    cdef int _number(self, const u64[::1] cells, i64[::1] ids, Py_ssize_t rows) except -1


@cython.final
cdef class _Within:
    cdef Py_ssize_t width, found
    cdef u32[::1] first, next
    cdef u64[::1] known

    @cython.locals(width=Py_ssize_t, row=Py_ssize_t, start=Py_ssize_t, before=Py_ssize_t,
                   known=Py_ssize_t, steps=int, same=bint, at=Py_ssize_t)
    cdef bint _number(self, const i64[::1] cell, const u64[::1] cells, i64[::1] ids,
                      Py_ssize_t rows) except -1
