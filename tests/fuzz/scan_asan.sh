#!/bin/sh
# Fuzz the compiled scan under AddressSanitizer and UndefinedBehaviorSanitizer:
#
#     PYTHON=.venv/bin/python tests/fuzz/scan_asan.sh --seconds 600 --seed 1 [folder ...]
#
# The arguments are those of fuzz_scan.py. The instrumented extension is built from the
# working tree into a temporary folder; the installed package stays as it is. Needs gcc,
# Cython and setuptools. Ends with the fuzzer's exit code; what a sanitizer reports ends
# the run at once, with the input in the folder that is printed first.
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
python=$(command -v "${PYTHON:-python3}")
case $python in /*) ;; *) python=$PWD/$python ;; esac

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -r "$root/synack" "$root/setup.py" "$work"
rm -f "$work"/synack/capture/*.so "$work"/synack/capture/scan.c
(
    cd "$work" # without pyproject.toml: only the extension is built here
    CC=gcc CFLAGS="-fsanitize=address,undefined -fno-sanitize-recover=undefined \
        -fno-omit-frame-pointer -g -O1" \
        SYNACK_REQUIRE_COMPILED=1 "$python" setup.py -q build_ext --inplace >build.log 2>&1
) || { cat "$work/build.log"; exit 1; }

# PYTHONMALLOC: every buffer is an allocation of its own, with red zones around it.
LD_PRELOAD="$(gcc -print-file-name=libasan.so) $(gcc -print-file-name=libubsan.so)" \
    ASAN_OPTIONS=detect_leaks=0:quarantine_size_mb=16:allocator_may_return_null=1 \
    UBSAN_OPTIONS=print_stacktrace=1 \
    PYTHONMALLOC=malloc PYTHONPATH="$work" \
    "$python" "$root/tests/fuzz/fuzz_scan.py" "$@"
