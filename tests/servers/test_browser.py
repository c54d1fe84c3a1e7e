#!/usr/bin/env python3
"""The pages for people in a real browser, served by a web server below a base.

The viewer is fetched with npm as script/docs says. Chromium with its driver (Debian: chromium and
chromium-driver) and npm are not needed for anything else: without them this is skipped.
"""

import pathlib
import re
import shutil
import sys
import tempfile

sys.dont_write_bytecode = True  # the source tree may be read-only
HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "schema")]

import packages  # noqa: E402
from harness import contract, described, paths, servers, tap  # noqa: E402
from harness.browser import Browser  # noqa: E402
from harness.upstream import Simulator  # noqa: E402

# The name in the document's examples, which the console fills in.
NAME = "example-labs"
OPERATION = "#operations-Profile-getAggregate"


class Pages:
    """A shared host with the viewer's files in a directory that its programs can read."""

    def __init__(self):
        self._directory = tempfile.TemporaryDirectory(prefix="ff-viewer-")
        folder = pathlib.Path(self._directory.name)
        folder.chmod(0o755)
        fetch_viewer(folder)
        self.simulator = Simulator()
        self.simulator.put_account(NAME, {"github": {"size": 2}, "bitbucket": {"size": 1}})
        self.server = servers.start_shared_hosting(
            contract.settings(self.simulator, DOCS_DIRECTORY=folder))
        self.url = f"http://127.0.0.1:{self.server.port}{self.server.prefix}"

    def close(self):
        self.server.close()
        self.simulator.close()
        self._directory.cleanup()


def fetch_viewer(folder):
    script = (paths.SOURCE / "script/docs").read_text(encoding="utf-8")
    told = dict(re.findall(r'^(PACKAGE|VERSION|FILES)="?([^"\n]*)"?$', script, re.MULTILINE))
    fetched = packages.folder(told["PACKAGE"], told["VERSION"],
                              kept=lambda name: name in told["FILES"].split())
    for name in told["FILES"].split():
        shutil.copy(fetched / told["PACKAGE"] / name, folder / name)
        (folder / name).chmod(0o644)


browser = tap.Lazy(Browser, Browser.close)
pages = tap.Lazy(Pages, Pages.close)


def check_quiet():
    """No complaint of the browser, such as of the page's policy, and nothing from elsewhere."""
    tap.equal(browser.get().messages(), [], "what the browser complains about")
    loaded = browser.get().run(
        "return performance.getEntriesByType('resource').map((entry) => entry.name)")
    tap.equal([url for url in loaded if not url.startswith(f"{pages.get().url}/")], [],
              "what was loaded from elsewhere")


def open_page(name):
    browser.get().open(f"{pages.get().url}/docs/{name}")


@tap.test("the viewer shows every operation, and needs no other host", 240)
def check_viewer():
    browser.get()
    open_page("")
    browser.get().wait("return document.querySelector('.opblock') !== null", "operations")
    shown = browser.get().run(
        "return [...document.querySelectorAll('.opblock-summary')].map((one) =>"
        " one.querySelector('.opblock-summary-method').textContent.toLowerCase() + ' ' +"
        " one.querySelector('.opblock-summary-path').dataset.path)")
    wanted = [f"{method} {path}" for path, item in described.document()["paths"].items()
              for method in item if method in ("get", "post")]
    tap.equal(sorted(shown), sorted(wanted), "operations shown")
    check_quiet()


@tap.test("its console asks the program that serves it, below the base", 120)
def check_console():
    page = browser.get()
    open_page("")
    page.wait(f"return document.querySelector('{OPERATION}') !== null", "the operation")
    page.run(f"document.querySelector('{OPERATION} .opblock-summary-control').click()")
    page.wait(f"return document.querySelector('{OPERATION} .execute') !== null", "a button")
    page.run(f"document.querySelector('{OPERATION} .execute').click()")
    status = page.wait(
        f"const told = document.querySelector('{OPERATION} .live-responses-table tbody"
        " .response-col_status'); return told && told.textContent", "a reply")
    tap.equal(status.strip(), "200", "status")
    asked = page.run(f"return document.querySelector('{OPERATION} .request-url pre').textContent")
    tap.equal(asked, f"{pages.get().url}/api/v1/aggregate?username={NAME}", "URL")
    check_quiet()


@tap.test("our own pages have their style, and a type of problem leads to its anchor", 120)
def check_own():
    for name in ("reference", "problems#query-invalid"):
        open_page(name)
        width = browser.get().run("return getComputedStyle(document.body).maxWidth")
        tap.true(width.endswith("px"), f"a width by the style of {name}, not {width}")
        check_quiet()
    target = browser.get().run("return document.querySelector(':target').textContent")
    tap.true(target.startswith("query-invalid"), f"the anchor, not {target!r}")


if __name__ == "__main__":
    sys.exit(tap.main())
