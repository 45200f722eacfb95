"""The page in a real browser: whole, silent, usable by mouse, keyboard and screen reader, and deaf
to whatever names and texts say."""

from __future__ import annotations

import re
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import browser
import pytest
from axe_playwright_python.sync_playwright import Axe
from test_report_filters import matching
from test_taps import TWO, incident

import synack

ROOT = Path(__file__).parents[1]
STALE = ROOT / "fixtures" / "stale-arp"
TYPICAL_BYTES = 300_000


@pytest.fixture(scope="module")
def chromium():
    with browser.chromium() as running:
        yield running


@pytest.fixture(scope="module")
def written(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("page") / "stale arp.html"
    path.write_text(synack.diagnose(STALE).to_html(), "utf-8")
    return path


@pytest.fixture
def opened(chromium, written) -> Iterator[browser.Opened]:
    """The page of the incident; in the end it must have been silent."""
    shown = browser.Opened(chromium, written)
    yield shown
    shown.close()


@pytest.fixture
def page(opened):
    return opened.page


def rows(page, column: int) -> list[str]:
    """One column of the table of attempts as it is shown."""
    return page.locator(f"#attempts tbody tr td:nth-child({column})").all_text_contents()


# ---- whole and silent ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["stale-arp", "behind-nat", "stale-nd", "healthy", "two-causes", "prohibited", "raw-ip",
     "server-side-only", "vxlan-mirror"],
)  # fmt: skip
def test_it_loads_and_shows_every_attempt(chromium, tmp_path, name):
    diagnosis = synack.diagnose(ROOT / "fixtures" / name)
    path = tmp_path / "page.html"
    path.write_text(diagnosis.to_html(), "utf-8")
    assert path.stat().st_size < TYPICAL_BYTES
    shown = browser.Opened(chromium, path)
    total = len(diagnosis.attempts)
    status = shown.page.locator("#attempts [role=status]")
    assert status.text_content() == f"1 to {min(total, 50)} of {total}"
    assert shown.page.locator("article").count() == len(diagnosis.findings)
    shown.page.locator("#attempts tbody button").first.click()
    for _ in range(min(total, 25)):
        assert shown.page.locator("dialog svg .rung").count() > 0
        assert "NaN" not in shown.page.locator("dialog svg").inner_html()
        shown.page.keyboard.press("ArrowRight")
    shown.close()


def test_two_pages_of_one_incident_are_the_same_bytes(written):
    assert written.read_text("utf-8") == synack.diagnose(STALE).to_html()


def test_tables_alone_make_a_page_too(chromium, tmp_path):
    path = tmp_path / "page.html"
    path.write_text(synack.diagnose(STALE / "broker-1.neigh.txt").to_html(), "utf-8")
    shown = browser.Opened(chromium, path)
    assert shown.page.locator("h1").text_content().startswith("No finding")
    assert shown.page.locator("#attempts").count() == 0
    assert Axe().run(shown.page).response["violations"] == []
    shown.close()


def test_nothing_can_load_or_run_that_is_not_its_own(opened, page):
    """The policy stops it, even were something to get in: nobody connects."""
    listening = socket.create_server(("127.0.0.1", 0))
    listening.settimeout(0.2)
    stopped = page.evaluate(
        """(elsewhere) => new Promise((done) => {
          const seen = new Set();
          document.addEventListener("securitypolicyviolation", (event) => {
            seen.add(event.effectiveDirective);
            if (seen.size === 4) done([...seen].sort());
          });
          const add = (tag, attributes, text) => {
            const made = Object.assign(document.createElement(tag), attributes);
            made.append(text ?? "");
            document.body.append(made);
          };
          add("img", { src: `${elsewhere}x` });
          add("script", {}, "alert(1)");
          add("style", {}, "body { display: none }");
          fetch(elsewhere).catch(() => {});
        })""",
        f"http://127.0.0.1:{listening.getsockname()[1]}/",
    )
    assert stopped == ["connect-src", "img-src", "script-src-elem", "style-src-elem"]
    with listening, pytest.raises(TimeoutError):
        listening.accept()
    # The browser tells the console of each.
    opened.problems.clear()


# ---- the table ----------------------------------------------------------------------------


def test_a_column_sorts_both_ways(page):
    """By number, address (not as text) and time; a second click turns it round."""
    head = page.locator("th[data-sort=client]")
    head.get_by_role("button").click()
    assert head.get_attribute("aria-sort") == "ascending"
    clients = [text.split(":")[0] for text in rows(page, 3)]
    assert clients == sorted(clients)
    assert clients[0] == "10.0.1.71"
    head.get_by_role("button").click()
    assert head.get_attribute("aria-sort") == "descending"
    assert rows(page, 3)[0].startswith("10.0.1.77:")
    page.locator("th[data-sort=retransmissions] button").click()
    page.locator("th[data-sort=retransmissions] button").click()
    assert head.get_attribute("aria-sort") is None
    assert rows(page, 9)[:7] == ["13"] * 6 + ["-"]
    page.locator("th[data-sort=first] button").click()
    assert rows(page, 2) == sorted(rows(page, 2))


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("10.0.1.77", 10),
        ("producer-7", 32),
        ("client:producer-7", 10),
        ("client:10.0.1.7", 0),
        ("SYN-ACK-LOST", 6),
        ("finding:1", 6),
        ("finding:2", 0),
        ("attempt:40", 1),
        ("port:59380", 1),
        ("59380", 1),
        ("9092", 76),
        ("10.0.1.77 59380", 1),
        ("nobody", 0),
        ("client:", 0),
        ("[", 0),
    ],
)
def test_words_narrow_it_down(page, query, found):
    page.get_by_role("searchbox").fill(query)
    status = page.locator("#attempts [role=status]").text_content()
    assert status == (f"1 to {min(found, 50)} of {found}" if found else "No attempt fits")


def test_outcomes_are_chosen_by_buttons(page):
    chip = page.get_by_role("button", name=re.compile("^syn-ack-lost"))
    chip.press("Space")
    assert chip.get_attribute("aria-pressed") == "true"
    assert rows(page, 5) == ["syn-ack-lost"] * 6
    page.get_by_role("button", name=re.compile("^completed")).click()
    assert page.locator("#attempts [role=status]").text_content() == "1 to 50 of 76"


def test_it_has_pages(page):
    turn = {name: page.get_by_role("button", name=name, exact=True)
            for name in ("First", "Back", "Next", "Last")}  # fmt: skip
    assert [turn[name].is_disabled() for name in turn] == [True, True, False, False]
    turn["Next"].click()
    assert page.locator("#attempts [role=status]").text_content() == "51 to 76 of 76"
    assert [turn[name].is_disabled() for name in turn] == [False, False, True, True]
    turn["First"].click()
    assert rows(page, 1)[0] == "0"


def test_a_finding_shows_its_attempts(page):
    page.get_by_role("button", name="Its 6 attempts in the table").click()
    assert page.get_by_role("searchbox").input_value() == "finding:1"
    assert rows(page, 11) == ["1"] * 6


def test_the_table_of_hosts_leads_to_attempts(page):
    page.get_by_text("The same as a table").click()
    page.get_by_role("button", name="4 of 10").click()
    assert page.get_by_role("searchbox").input_value().startswith("client:10.0.1.77 server:")
    assert page.locator("#attempts [role=status]").text_content() == "1 to 10 of 10"


# ---- the ladder ---------------------------------------------------------------------------


def test_a_ladder_opens_by_click_and_shows_both_ends(page):
    page.get_by_role("button", name="This attempt in detail").click()
    dialog = page.get_by_role("dialog")
    assert dialog.is_visible()
    assert dialog.get_by_role("heading", level=2).text_content() == "Attempt 3"
    rungs = dialog.locator("svg .rung")
    assert rungs.count() == 15
    assert dialog.locator("svg .rung[data-fate=lost]").count() == 10
    assert dialog.locator("svg .rung.stray").count() == 10
    lost = dialog.locator("svg .rung[data-fate=lost]").first
    assert "SYN-ACK 1 of 10" in lost.text_content()
    assert "0a:1f:3c:90:5e:a1 → 0a:de:ad:00:00:01" in lost.text_content()
    assert "#38" in lost.text_content()
    assert "broker-1's, give or take 1.358 ms" in dialog.text_content()
    lines = dialog.locator("table tbody tr").all_text_contents()
    assert len(lines) == 15
    assert "frame 38" in lines[1]
    assert "lost" in lines[1]


def test_a_ladder_shows_taps_and_where_between_them_it_vanished(chromium, tmp_path):
    (tmp_path / "x").mkdir()
    path = tmp_path / "page.html"
    path.write_text(incident(tmp_path / "x", "client broker", TWO).to_html(), "utf-8")
    shown = browser.Opened(chromium, path)
    shown.page.get_by_role("button", name="This attempt in detail").click()
    dialog = shown.page.get_by_role("dialog")
    heads = dialog.locator("svg > text").all_text_contents()
    assert [name for name in heads if name.startswith("span")] == ["span-1", "span-2"]
    lines = dialog.locator("table tbody tr").all_text_contents()
    assert "span-1: 0.000000 s, frame 7span-2: 0.000080 s, frame 7" in lines[0]
    assert "lost between span-2 and span-1" in lines[1]
    # By the clocks a tap may see it before it leaves; no arrow goes up.
    for points in dialog.locator("svg polyline").evaluate_all(
        "(all) => all.map((line) => [...line.points].map((point) => point.y))"
    ):
        assert points == sorted(points)
    shown.close()


def test_a_ladder_opens_by_keyboard_and_gives_the_focus_back(page):
    button = page.get_by_role("button", name="Attempt 10: open its ladder")
    button.focus()
    page.keyboard.press("Enter")
    heading = page.get_by_role("dialog").get_by_role("heading", level=2)
    assert heading.text_content() == "Attempt 10"
    page.keyboard.press("ArrowRight")
    assert heading.text_content() == "Attempt 11"
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    assert heading.text_content() == "Attempt 9"
    page.keyboard.press("Escape")
    assert not page.get_by_role("dialog").is_visible()
    focused = "document.activeElement.getAttribute('aria-label')"
    assert page.evaluate(focused) == "Attempt 9: open its ladder"


def test_a_row_opens_and_the_address_of_the_page_leads_back(chromium, written, opened, page):
    page.locator("#attempts tbody tr").nth(3).locator("td").nth(5).click()
    assert page.url.endswith("#attempt-3")
    again = browser.Opened(chromium, written)
    again.page.goto(page.url)
    again.page.reload()
    again.page.wait_for_selector("dialog[open]")
    assert again.page.get_by_role("heading", name="Attempt 3", exact=True).is_visible()
    again.close()


def test_wireshark_shows_what_a_ladder_has(page):
    """The frames by number, and all of the attempt by its addresses, ports and ISN."""
    page.get_by_role("button", name="This attempt in detail").click()
    filters = dict(
        zip(
            page.locator("dialog .filters .file").all_text_contents(),
            page.locator("dialog .filters code").all_text_contents(),
            strict=True,
        )
    )
    by_file = {Path(file).name: display for file, display in filters.items()}
    frames = matching("broker-1-eth0.pcap", by_file["broker-1-eth0.pcap"])
    assert len(frames) == 15
    assert matching("broker-1-eth0.pcap", by_file["in any capture"]) == frames
    ours = matching("producer-7-eth0.pcap", by_file["producer-7-eth0.pcap"])
    assert matching("producer-7-eth0.pcap", by_file["in any capture"]) == ours
    assert len(ours) == 5


def test_filters_are_copied(opened, page):
    opened.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy the command").first.click()
    page.get_by_text("Copied").wait_for()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == "ip neigh del 10.0.1.77 dev eth0"


# ---- for everybody ------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("ladder", [False, True])
def test_axe_finds_nothing(chromium, written, scheme, ladder):
    shown = browser.Opened(chromium, written, color_scheme=scheme)
    if ladder:
        shown.page.get_by_role("button", name="This attempt in detail").click()
    found = Axe().run(shown.page).response["violations"]
    assert [(violation["id"], violation["nodes"][0]["html"]) for violation in found] == []
    shown.close()


def test_light_and_dark_follow_the_system_and_the_button(chromium, written):
    shown = browser.Opened(chromium, written, color_scheme="dark")
    paper = "getComputedStyle(document.body).backgroundColor"
    dark = shown.page.evaluate(paper)
    button = shown.page.get_by_role("button", name=re.compile("^Theme"))
    button.click()
    assert button.text_content() == "Theme: light"
    light = shown.page.evaluate(paper)
    assert light == "rgb(255, 255, 255)" != dark
    button.click()
    assert shown.page.evaluate(paper) == dark
    shown.close()


@pytest.mark.parametrize("width", [320, 390, 768])
def test_a_narrow_window_needs_no_scrolling_sideways(chromium, written, width):
    shown = browser.Opened(chromium, written, viewport={"width": width, "height": 800})
    beyond = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert shown.page.evaluate(beyond) == 0
    shown.page.get_by_role("button", name="This attempt in detail").click()
    dialog = shown.page.get_by_role("dialog")
    assert dialog.bounding_box()["width"] <= width
    assert dialog.evaluate("(d) => d.scrollWidth - d.clientWidth") == 0
    shown.close()


def test_paper_has_nothing_to_unfold(page):
    folded = page.locator("details:not([open])")
    assert folded.count() > 0
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert folded.count() == 0


def test_paper_shows_findings_and_no_controls(page):
    page.emulate_media(media="print")
    assert page.get_by_role("heading", level=1).is_visible()
    assert page.locator(".evidence").is_visible()
    assert not page.get_by_role("searchbox").is_visible()
    assert not page.locator(".copy").first.is_visible()
    page.emulate_media(media="screen")
    page.get_by_role("button", name="This attempt in detail").click()
    page.emulate_media(media="print")
    assert page.locator("dialog svg").is_visible()
    assert not page.get_by_role("heading", level=1).is_visible()


# ---- hostile ------------------------------------------------------------------------------

EVIL = (
    "\u202e\x1b[31m\x00</script><script>alert(1)</script>\"'>"
    "<img src=x onerror=alert(2)>{{7*7}}<!--"
)


def test_nothing_in_names_is_interpreted(chromium, tmp_path):
    """Title, host, interface and file names, and what a table says, are shown and no more."""
    folder = tmp_path / "x"
    folder.mkdir()
    evil_file = "<img src=x onerror=alert(3)>{{7*7}}\x1b[31m\u202e.pcap"
    shutil.copy(STALE / "broker-1-eth0.pcap", folder / evil_file)
    shutil.copy(STALE / "producer-7-eth0.pcap", folder / "p.pcap")
    table = (STALE / "broker-1.neigh.txt").read_text().replace("dev eth0", "dev <b>eth0</b>")
    (folder / "table.txt").write_text(table)
    escaped = "".join(f"\\U{ord(c):08x}" for c in EVIL)
    (folder / "incident.toml").write_text(
        f'title = "{escaped}"\n'
        f'[hosts."{escaped}"]\npaths = ["<img*", "table.txt"]\n'
        '[hosts."p<script>alert(4)</script>"]\npaths = ["p.pcap"]\n'
    )
    diagnosis = synack.diagnose(folder)
    assert [finding.kind for finding in diagnosis.findings] == ["stale-neighbor"]
    assert EVIL in diagnosis.findings[0].host
    html = diagnosis.to_html()
    assert not set("\x00\x1b\u202e") & set(html)
    path = tmp_path / "page.html"
    path.write_text(html, "utf-8")
    shown = browser.Opened(chromium, path)
    page = shown.page
    page.get_by_role("button", name="This attempt in detail").click()
    page.keyboard.press("Escape")
    page.get_by_role("searchbox").fill("<script>")
    page.get_by_role("button", name=re.compile("^Attempt ")).first.click()
    tags = page.evaluate("[...new Set([...document.all].map((e) => e.localName))]")
    assert not {"img", "iframe"} & set(tags)
    assert page.locator("script").count() == 2
    assert page.locator("b").count() == 0
    text = page.locator("body").inner_text()
    assert "<b>eth0</b>" in text
    assert "<img src=x onerror=alert(2)>{{7*7}}" in text
    assert "\\u202e\\x1b[31m\\x00</script><script>alert(1)</script>" in text
    shown.close()
