"""The browser that tests drive: one Chromium for each process of tests, and how patient they are with it."""

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from launch.browser import NoBrowserError, find_chromium

PATIENCE = 15_000  # milliseconds; what ought to be fast is measured where that is the point, and nowhere else
expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A missing one fails the tests; they are never skipped."""
    try:
        path = find_chromium()
    except NoBrowserError as error:
        pytest.fail(str(error))
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        running = playwright.chromium.launch(executable_path=path, args=arguments)
        yield running
        running.close()
