"""The real browser, headless, spoken to in its own protocol over a pipe: one browser a worker, a fresh page a test.

Addresses other than loopback do not resolve, so a page that needs the network fails here as it would behind a firewall.
"""

import base64
import contextlib
import itertools
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

_SWITCHES = (
    "--headless",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--hide-scrollbars",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--no-first-run",
    "--remote-debugging-pipe",
)
_LAUNCH = """
import os, sys
apart = [os.dup2(int(number), 200 + at) for at, number in enumerate(sys.argv[1:3])]
os.dup2(apart[0], 3)
os.dup2(apart[1], 4)
os.execv(sys.argv[3], sys.argv[3:])
"""
"""The browser reads commands at descriptor 3 and answers at 4, wherever our pipes happen to be."""


class Browser:
    """A running browser."""

    def __init__(self, program: str, folder: Path) -> None:
        commands, self._write = os.pipe()
        self._read, answers = os.pipe()
        self._log = (folder / "log").open("wb")
        unboxed = ["--no-sandbox"] if os.getuid() == 0 else []
        switches = [*_SWITCHES, *unboxed, f"--user-data-dir={folder / 'profile'}"]
        self._process = subprocess.Popen(
            [sys.executable, "-c", _LAUNCH, str(commands), str(answers), program, *switches, "about:blank"],
            pass_fds=(commands, answers),
            stdout=self._log,
            stderr=self._log,
        )
        os.close(commands)
        os.close(answers)
        self._numbers = itertools.count(1)
        self._rest = b""
        self.heard: list[dict] = []

    def call(self, method: str, session: str | None = None, **parameters: Any) -> dict:
        """Ask for one thing and return its result; what happens meanwhile is kept in `heard`."""
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": parameters} | ({"sessionId": session} if session else {})
        os.write(self._write, json.dumps(message).encode() + b"\0")
        answer = self.wait(lambda heard: heard.get("id") == number)
        assert "error" not in answer, f"{method}: {answer['error']}"
        return answer["result"]

    def wait(self, wanted) -> dict:
        """Hear messages until one is wanted; return it."""
        while True:
            *whole, self._rest = self._rest.split(b"\0", 1) if b"\0" in self._rest else (self._rest,)
            if whole:
                message = json.loads(whole[0])
                self.heard.append(message)
                if wanted(message):
                    return message
                continue
            more = os.read(self._read, 1 << 20)
            assert more, f"Chromium ended; its log is {self._log.name}"
            self._rest += more

    def stop(self) -> None:
        """End it, and wait for that."""
        self.call("Browser.close")
        self._process.wait(timeout=20)
        os.close(self._write)
        os.close(self._read)
        self._log.close()


class Page:
    """One open page of a fresh profile."""

    def __init__(self, browser: Browser, url: str, width: int, height: int) -> None:
        self._browser = browser
        self._width = width
        browser.heard.clear()
        self._context = browser.call("Target.createBrowserContext")["browserContextId"]
        target = browser.call("Target.createTarget", url="about:blank", browserContextId=self._context)["targetId"]
        self._session = browser.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self._call(f"{domain}.enable")
        self._call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )
        self.open(url)

    def open(self, url: str) -> None:
        """Go to an address, and wait until it is loaded."""
        self._browser.heard.clear()
        failed = self._call("Page.navigate", url=url).get("errorText")
        assert not failed, f"{url}: {failed}"
        if not any(heard.get("method") == "Page.loadEventFired" for heard in self._browser.heard):
            self._browser.wait(lambda heard: heard.get("method") == "Page.loadEventFired")

    def ask(self, expression: str) -> Any:
        """Return what a JavaScript expression comes to; a promise is waited for."""
        answer = self._call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    @property
    def html(self) -> str:
        """The document as it stands now."""
        return self.ask("document.documentElement.outerHTML")

    @property
    def text(self) -> str:
        """What a person can read of it."""
        return self.ask("document.body.innerText")

    @property
    def overflow(self) -> list[str]:
        """What stands out at the right of the window, outermost first; empty if one need not scroll sideways."""
        return self.ask(
            f"""document.documentElement.scrollWidth <= {self._width} ? [] :
               ['the document is ' + document.documentElement.scrollWidth + ' px wide',
                ...[...document.querySelectorAll('body *')]
                 .filter(one => one.getBoundingClientRect().right > {self._width} + 0.5)
                 .map(one => one.outerHTML.slice(0, 120))]""",
        )

    @property
    def errors(self) -> list[str]:
        """What the console has against the page: exceptions, failed requests, refused content."""
        self.ask("new Promise(done => requestAnimationFrame(() => setTimeout(done)))")  # let what is due arrive
        return [json.dumps(heard["params"]) for heard in self._browser.heard if _is_error(heard)]

    @property
    def requests(self) -> list[str]:
        """The addresses that the page asked for."""
        asked = "Network.requestWillBeSent"
        return [heard["params"]["request"]["url"] for heard in self._browser.heard if heard.get("method") == asked]

    def screenshot(self, path: Path) -> Path:
        """Write the whole page to a PNG file."""
        picture = self._call("Page.captureScreenshot", captureBeyondViewport=True)["data"]
        path.write_bytes(base64.b64decode(picture))
        return path

    def close(self) -> None:
        """Forget the page and its profile."""
        self._browser.call("Target.disposeBrowserContext", browserContextId=self._context)

    def _call(self, method: str, **parameters: Any) -> dict:
        return self._browser.call(method, self._session, **parameters)


@pytest.fixture(scope="session")
def browser(real, tmp_path_factory):
    """This worker's browser."""
    names = ("chromium", "chromium-browser", "google-chrome")
    program = next(filter(None, map(shutil.which, names)), None)
    browser = Browser(real(program, "Chromium (apt-get install chromium)"), tmp_path_factory.mktemp("chromium"))
    yield browser
    browser.stop()


@pytest.fixture
def chromium(browser):
    """A function that opens an address in a window of some CSS pixels, and returns the page, loaded."""
    with contextlib.ExitStack() as at_end:

        def open_(url: str, width: int = 1280, height: int = 800) -> Page:
            page = Page(browser, url, width, height)
            at_end.callback(page.close)
            return page

        yield open_


def _is_error(heard: dict) -> bool:
    said = heard.get("params", {})
    return (
        heard.get("method") == "Runtime.exceptionThrown"
        or (heard.get("method") == "Runtime.consoleAPICalled" and said["type"] in ("error", "assert"))
        or (heard.get("method") == "Log.entryAdded" and said["entry"]["level"] == "error")
    )
