"""Compile the scan where a C compiler is there; install without it where not.

SYNACK_REQUIRE_COMPILED=1 makes a failing compilation fail the installation.
"""

import os

from setuptools import Extension, setup

required = os.environ.get("SYNACK_REQUIRE_COMPILED") == "1"


def extensions() -> list[Extension]:
    try:
        from Cython.Build import cythonize
    except ImportError:
        if required:
            raise
        return []
    scan = Extension("synack.capture.scan", ["synack/capture/scan.py"])
    compiled = cythonize([scan], quiet=True, build_dir="build/cython")
    for extension in compiled:
        extension.optional = not required
    return compiled


setup(ext_modules=extensions())
