"""Modules that the build compiles, loaded from their source as well."""

from __future__ import annotations

import importlib.util
import os
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType

import pytest


def as_written(module: ModuleType) -> ModuleType:
    """The source of a compiled ``module``, interpreted, beside it."""
    folder, name = Path(str(module.__file__)).parent, module.__name__.rpartition(".")[2]
    loader = SourceFileLoader(f"uncompiled_{name}", str(folder / f"{name}.py"))
    spec = importlib.util.spec_from_loader(loader.name, loader)
    assert spec is not None
    source = importlib.util.module_from_spec(spec)
    loader.exec_module(source)
    assert not source.COMPILED
    return source


def must_be_compiled(module: ModuleType) -> None:
    """Where the tests run for others to trust, there is a compiler and it was used."""
    if not module.COMPILED and os.environ.get("CI"):
        pytest.fail(f"{module.__name__} is not compiled; SYNACK_REQUIRE_COMPILED=1 says why")
