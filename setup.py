"""Compile the hot loops where a C compiler is there; install without it where not.

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
    modules = [
        Extension(f"synack.{name.replace('/', '.')}", [f"synack/{name}.py"])
        for name in ("capture/scan", "handshake/walk", "grouping")
    ]
    compiled = cythonize(modules, quiet=True, build_dir="build/cython")
    for extension in compiled:
        extension.optional = not required
    return compiled


setup(ext_modules=extensions())
