"""A real browser without a window (Debian's chromium), for tests of HTML pages."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright


@contextmanager
def chromium() -> Iterator[Browser]:
    """Fails where there is none: CI installs it."""
    program = shutil.which("chromium")
    assert program, "no chromium: apt-get install chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox", "--disable-gpu"]
        )
        yield browser
        browser.close()


class Opened:
    """A page in a context of its own. ``problems``: whatever it wrote to the console, raised,
    asked for over any network, or opened as a dialog; there must be none."""

    def __init__(self, browser: Browser, path: Path, **context: object) -> None:
        self.context = browser.new_context(**context)
        self.page: Page = self.context.new_page()
        self.problems: list[str] = []
        self.url = path.as_uri()
        say = self.problems.append
        self.page.on("console", lambda message: say(f"console: {message.text}"))
        self.page.on("pageerror", lambda error: say(f"error: {error}"))
        self.page.on("dialog", lambda dialog: (say(f"dialog: {dialog.message}"), dialog.dismiss()))
        self.context.on("request", self._asked)
        self.page.goto(self.url)
        self.page.wait_for_selector("html[data-ready]", state="attached")

    def _asked(self, request) -> None:
        if request.url.partition("#")[0] != self.url:
            self.problems.append(f"request: {request.url}")

    def close(self) -> None:
        self.context.close()
        assert self.problems == []
