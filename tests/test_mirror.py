"""Every module has its tests under its own name."""

from __future__ import annotations

from pathlib import Path

TESTS = Path(__file__).parent
PACKAGE = TESTS.parent / "synack"


def names(module: Path) -> set[str]:
    """``capture/pcap.py`` is tested by ``test_capture_pcap.py`` or ``test_pcap.py``."""
    parts = module.relative_to(PACKAGE).with_suffix("").parts
    return {f"test_{'_'.join(parts)}.py", f"test_{parts[-1]}.py"}


def test_every_module_has_its_tests() -> None:
    modules = [m for m in sorted(PACKAGE.rglob("*.py")) if m.name != "__init__.py"]
    assert len(modules) > 30, "the package is not where it was"
    present = {path.name for path in TESTS.glob("test_*.py")}
    missing = [str(m.relative_to(PACKAGE.parent)) for m in modules if not names(m) & present]
    assert not missing, f"without tests: {', '.join(missing)}"
