"""Pretended time: what a program under test takes for the time of day, and how it is moved.

By libfaketime, which Debian has in the package faketime. Intervals (the monotonic clock) stay
real, so that timeouts are what they are.
"""

import os
import pathlib

from . import tap
from .processes import TemporaryDirectory

# Debian's, with the directory of the architecture; Fedora's.
PLACES = ("/usr/lib/*/faketime/libfaketimeMT.so.1", "/usr/lib64/faketime/libfaketimeMT.so.1")

MINUTE, HOUR, DAY = 60, 3600, 86400


def _library():
    if os.environ.get("SANITIZED", "0") not in ("", "0"):
        tap.skip("libfaketime and the sanitizers both want to be asked for the time first")
    for place in PLACES:
        for found in pathlib.Path("/").glob(place.lstrip("/")):
            return str(found)
    return tap.skip("libfaketime is not installed")


class Clock:
    """The time of day of the programs that get environment(): so many seconds from the real one."""

    def __init__(self, ahead=0):
        library = _library()
        self._directory = TemporaryDirectory()
        self._file = pathlib.Path(self._directory.path) / "now"
        self.environment = {
            "LD_PRELOAD": library, "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            # What a killed program would leave behind in /dev/shm.
            "FAKETIME_DISABLE_SHM": "1",
        }
        self.set(ahead)

    def set(self, ahead):
        """From now on it is so many seconds later than it really is; or earlier, if negative."""
        self.ahead = ahead
        fresh = self._file.with_suffix(".new")
        fresh.write_text(f"{ahead:+d}\n")
        fresh.rename(self._file)

    def move(self, seconds):
        self.set(self.ahead + seconds)

    def close(self):
        self._directory.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
