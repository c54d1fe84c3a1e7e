"""Published descriptions of the forges' interfaces, as npm packages, kept for the next run.

A package is installed once into a folder of its own below SCHEMA_CACHE, or else below the build
folder. What cannot be had here skips the tests that want it, with the reason.
"""

import os
import pathlib
import shutil
import subprocess
import tempfile

from harness import paths, tap

INSTALL_SECONDS = 180
# How long npm waits for the registry, and that it does not try again: the tests are then skipped.
PATIENCE = ("--fetch-retries=0", "--fetch-timeout=30000")


def cache():
    named = os.environ.get("SCHEMA_CACHE")
    if named:
        return pathlib.Path(named)
    build = os.environ.get("top_builddir") or paths.SOURCE / "build"
    return pathlib.Path(build) / "schema-cache"


def tool(name):
    """The path of a program, which is looked for where the system has its programs, too."""
    found = shutil.which(name) or shutil.which(name, path=os.defpath)
    if found is None:
        tap.skip(f"there is no {name}")
    return found


def folder(package, version, kept=None):
    """The node_modules folder in which that version of a package is. `kept`, if given, says of
    each file of the package itself, by its path in it, whether it is needed."""
    target = cache() / f"{package.replace('/', '+')}@{version}"
    if not target.is_dir():
        _install(package, version, kept, target)
    return target / "node_modules"


def _install(package, version, kept, target):
    npm = tool("npm")
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix="installing-") as temporary:
        command = [npm, "install", "--prefix", temporary, "--no-audit", "--no-fund",
                   "--no-save", "--ignore-scripts", *PATIENCE, f"{package}@{version}"]
        try:
            done = subprocess.run(command, cwd=temporary, capture_output=True, text=True,
                                  timeout=INSTALL_SECONDS, check=False)
        except subprocess.TimeoutExpired:
            tap.skip(f"npm did not install {package} within {INSTALL_SECONDS} s")
        if done.returncode != 0:
            tap.diagnose(done.stderr[-2000:])
            tap.skip(f"npm cannot install {package}@{version}")
        _prune(pathlib.Path(temporary) / "node_modules" / package, kept)
        _move(temporary, target)


def _prune(package, kept):
    """Some packages are ten times as large as what is wanted of them."""
    for path in package.rglob("*") if kept is not None else ():
        if path.is_file() and not kept(str(path.relative_to(package))):
            path.unlink()


def _move(temporary, target):
    """In one step, so that there is nothing or all of it; whoever was faster may keep his."""
    made = pathlib.Path(tempfile.mkdtemp(dir=target.parent, prefix="installed-"))
    shutil.move(str(pathlib.Path(temporary) / "node_modules"), made / "node_modules")
    try:
        made.rename(target)
    except OSError:
        shutil.rmtree(made)
        if not target.is_dir():
            raise
