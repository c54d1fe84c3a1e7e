"""Where the source tree and the program are, as the build tells the tests."""

import os
import pathlib

from . import tap

SOURCE = pathlib.Path(
    os.environ.get("top_srcdir") or pathlib.Path(__file__).resolve().parents[2]).resolve()


def program():
    """The program under test. Without one there is nothing to try."""
    named = os.environ.get("FORGEFOLD")
    if not named:
        tap.skip("FORGEFOLD does not name the program")
    path = pathlib.Path(named).resolve()
    if not os.access(path, os.X_OK):
        raise AssertionError(f"FORGEFOLD={named} cannot be executed")
    return path
