"""The built page in a real browser over a made-up market, under the policy of the product."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from cli.page import FRONTEND, STAMP_NAME, build_page, built_from, sources_hash
from connectors.errors import UserError

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
needs_browser = pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine's path")
PATIENCE_MS = 30_000
DESK = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}


@dataclass
class Visit:
    """A page that was opened, and everything it complained of."""

    page: Page
    url: str
    complaints: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)

    def rows(self) -> list[str]:
        return [text for text in self.page.locator(".left .rows .row").all_text_contents() if text]


Open = Callable[..., Visit]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    build_page()
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM)
        yield found
        found.close()


@contextmanager
def gateway(*options: str) -> Iterator[str]:
    """The development gateway on a free port; yields its address."""
    command = [sys.executable, str(FRONTEND / "dev" / "mock_gateway.py"), *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.kill()


@contextmanager
def visit(browser: Browser, url: str, viewport: dict[str, int]) -> Iterator[Visit]:
    context = browser.new_context(viewport=viewport)  # type: ignore[arg-type]
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    found = Visit(page, url)
    page.on(
        "console",
        lambda m: found.complaints.append(m.text) if m.type in ("error", "warning") else None,
    )
    page.on("pageerror", lambda error: found.complaints.append(str(error)))
    page.on("request", lambda r: None if r.url.startswith(url) else found.foreign.append(r.url))
    page.goto(url)
    yield found
    context.close()


def wait_for_rows(visited: Visit, fewest: int = 8) -> None:
    visited.page.wait_for_function(
        "fewest => [...document.querySelectorAll('.left .rows .row')]"
        ".filter(row => row.textContent.trim()).length >= fewest",
        arg=fewest,
    )


def asked(url: str) -> dict[str, Any]:
    with urllib.request.urlopen(f"{url}dev/asked", timeout=5) as answer:
        content: dict[str, Any] = json.load(answer)
    return content


def test_the_hash_of_the_sources_follows_them_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "main.tsx").write_text("one")
    first = sources_hash(tmp_path)
    for ignored in ("node_modules", "dist"):
        (tmp_path / ignored).mkdir()
        (tmp_path / ignored / "x.js").write_text("made")
    assert sources_hash(tmp_path) == first
    (tmp_path / "src" / "main.tsx").write_text("two")
    assert sources_hash(tmp_path) != first


def test_a_half_built_page_does_not_count_as_built(tmp_path: Path) -> None:
    (tmp_path / STAMP_NAME).write_text("abc")
    assert built_from(tmp_path) is None
    (tmp_path / "index.html").write_text("<!doctype html>")
    assert built_from(tmp_path) == "abc"


def test_missing_sources_are_said_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="sources of the page are not at"):
        build_page(frontend=tmp_path)


@needs_browser
def test_live_rows_chart_and_alerts_without_a_complaint(browser: Browser) -> None:
    with gateway("--rate", "1000") as url, visit(browser, url, DESK) as visited:
        page = visited.page
        wait_for_rows(visited)
        expect(page.get_by_text("SYNTHETIC")).to_be_visible()
        expect(page.locator(".status .link")).to_have_text("Live")
        assert all(any(word in row for word in ("Ask", "Bid", "Mid", "n/a")) for row in visited.rows())
        assert page.locator(".chart canvas").count() > 0
        expect(page.get_by_text("Waiting for the first candle.")).to_have_count(0)
        expect(page.locator(".alerts button.item").first).to_be_visible(timeout=PATIENCE_MS)
        page.get_by_role("button", name="Equities").click()
        page.wait_for_function(
            "() => document.querySelector('.left .rows').textContent.includes('OFF-EXCHANGE')"
        )
        page.get_by_role("button", name="Light theme").or_(
            page.get_by_role("button", name="Dark theme")
        ).click()
        page.get_by_role("button", name="1 m", exact=True).click()
        page.wait_for_timeout(500)
        assert visited.complaints == []
        assert [u for u in visited.foreign if not u.startswith(url.replace("http", "ws"))] == []


@needs_browser
def test_the_filter_is_asked_of_the_gateway_and_holds_for_what_is_there(browser: Browser) -> None:
    with gateway() as url, visit(browser, url, DESK) as visited:
        wait_for_rows(visited)
        visited.page.get_by_label("Ticker filter").fill("ibm, tsla")
        visited.page.keyboard.press("Enter")
        visited.page.wait_for_function(
            "() => [...document.querySelectorAll('.left .rows .row')].map(row => row.textContent)"
            ".filter(text => text.trim()).every(text => /IBM|TSLA/.test(text))"
        )
        assert asked(url)["underlying"] == ["IBM", "TSLA"]
        visited.page.get_by_role("button", name="Clear the ticker filter").click()
        visited.page.wait_for_function(
            "() => /NVDA|SPY|QQQ/.test(document.querySelector('.left .rows').textContent)"
        )
        assert asked(url)["underlying"] is None


@needs_browser
def test_pause_freezes_the_rows_while_new_ones_are_counted(browser: Browser) -> None:
    with gateway() as url, visit(browser, url, DESK) as visited:
        wait_for_rows(visited)
        visited.page.get_by_role("button", name="Pause").click()
        table = visited.page.locator(".left .static tbody")
        before = table.inner_text()
        expect(visited.page.get_by_role("button", name="Resume (")).to_contain_text(" new)")
        visited.page.wait_for_function(
            "() => /[1-9][0-9]* new/.test(document.querySelector('.pause').textContent)"
        )
        assert table.inner_text() == before
        visited.page.get_by_role("button", name="Resume (").click()
        wait_for_rows(visited)
        assert visited.complaints == []


@needs_browser
def test_an_alert_opens_its_evidence_and_gives_the_focus_back(browser: Browser) -> None:
    with gateway("--rate", "1000") as url, visit(browser, url, DESK) as visited:
        page = visited.page
        alert = page.locator(".alerts button.item").first
        alert.wait_for()
        page.get_by_role("button", name="Pause").click()
        alert.click()
        drawer = page.get_by_role("dialog", name="Evidence")
        expect(drawer.get_by_role("heading", name="Arrival quote")).to_be_visible()
        expect(drawer.get_by_role("heading", name="Member prints")).to_be_visible()
        expect(drawer.get_by_text("consistent with", exact=False).first).to_be_visible()
        page.keyboard.press("Escape")
        expect(drawer).to_have_count(0)
        expect(alert).to_be_focused()


@needs_browser
def test_silence_marks_the_whole_page_stale(browser: Browser) -> None:
    with gateway("--silent-after", "2") as url, visit(browser, url, DESK) as visited:
        wait_for_rows(visited)
        expect(visited.page.locator(".banner")).to_contain_text("Stale", timeout=PATIENCE_MS)
        expect(visited.page.locator("main.dimmed")).to_have_count(1)
        expect(visited.page.locator(".status .link")).to_have_text("Stale")


@needs_browser
def test_a_lost_link_is_said_and_comes_back(browser: Browser) -> None:
    with gateway("--drop-after", "3") as url, visit(browser, url, DESK) as visited:
        wait_for_rows(visited)
        expect(visited.page.locator(".banner")).to_contain_text("Disconnected", timeout=PATIENCE_MS)
        expect(visited.page.locator(".status .link")).to_have_text("Live", timeout=PATIENCE_MS)
        expect(visited.page.locator(".banner")).to_have_count(0)


@needs_browser
def test_a_phone_shows_words_for_sides_and_nothing_is_wider_than_it(browser: Browser) -> None:
    with gateway() as url, visit(browser, url, PHONE) as visited:
        wait_for_rows(visited)
        assert visited.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        assert visited.page.evaluate(
            "[...document.querySelectorAll('.left .rows .row')]"
            ".every(row => row.scrollWidth <= row.clientWidth)"
        )
        assert any("Ask" in row or "Bid" in row for row in visited.rows())
