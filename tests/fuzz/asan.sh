#!/bin/sh
# Fuzz what is compiled under AddressSanitizer and UndefinedBehaviorSanitizer:
#
#     PYTHON=.venv/bin/python tests/fuzz/asan.sh scan --seconds 600 --seed 1 [folder ...]
#     PYTHON=.venv/bin/python tests/fuzz/asan.sh walk --seconds 60 --seed 1
#
# The arguments are those of fuzz_scan.py or fuzz_walk.py. The instrumented extensions are
# built from the working tree into a temporary folder; the installed package stays as it is.
# Needs gcc, Cython and setuptools. Ends with the fuzzer's exit code; what a sanitizer
# reports ends the run at once, of the scan with the input in the folder that is printed first.
set -eu

fuzzer=$1
shift
root=$(cd "$(dirname "$0")/../.." && pwd)
python=$(command -v "${PYTHON:-python3}")
case $python in /*) ;; *) python=$PWD/$python ;; esac

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -r "$root/synack" "$root/setup.py" "$work"
find "$work" -name "*.so" -delete
(
    cd "$work" # without pyproject.toml: only the extensions are built here
    CC=gcc CFLAGS="-fsanitize=address,undefined -fno-sanitize-recover=undefined \
        -fno-omit-frame-pointer -g -O1" \
        SYNACK_REQUIRE_COMPILED=1 "$python" setup.py -q build_ext --inplace >build.log 2>&1
) || { cat "$work/build.log"; exit 1; }

# PYTHONMALLOC: every buffer is an allocation of its own, with red zones around it.
LD_PRELOAD="$(gcc -print-file-name=libasan.so) $(gcc -print-file-name=libubsan.so)" \
    ASAN_OPTIONS=detect_leaks=0:quarantine_size_mb=16:allocator_may_return_null=1 \
    UBSAN_OPTIONS=print_stacktrace=1 \
    PYTHONMALLOC=malloc PYTHONPATH="$work" \
    "$python" "$root/tests/fuzz/fuzz_$fuzzer.py" "$@"
