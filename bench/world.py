"""What the suites share: programs, simulated forges, web servers, and how things are measured.

The set-ups are those of the tests (tests/harness), with the shipped configurations, so that what
is measured is what is installed.
"""

import contextlib
import dataclasses
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import threading
import time

SOURCE = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(SOURCE / "tests"))

from harness import processes, tap, upstream  # noqa: E402 - found by the line above

import rows  # noqa: E402

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
# Nobody is to be refused, and nothing is to become stale, while it is measured.
UNLIMITED = {"CLIENT_COLD_LIMIT": 0, "CACHE_FRESH_SECONDS": 7 * 24 * 3600}


class NotMeasured(Exception):
    """A measurement that could not be made; the message says why. A suite may also yield one,
    made by missing(), and go on."""

    suite = what = ""


def missing(suite, what, why):
    """For a suite to yield in place of a Row."""
    told = NotMeasured(str(why))
    told.suite, told.what = suite, what
    return told


class World:
    """The built programs, and how thoroughly to measure."""

    def __init__(self, build, quick=False, promised=False):
        self.build, self.quick = pathlib.Path(build).resolve(), quick
        self.promised = promised  # nothing else is to be measured
        self.forgefold = self.program("forgefold")
        # What tests/harness asks for.
        os.environ |= {"FORGEFOLD": str(self.forgefold), "top_srcdir": str(SOURCE),
                       "top_builddir": str(self.build)}
        self._kept = contextlib.ExitStack()
        self._shared = {}

    def program(self, name):
        """A program of the build, such as bench/limits/bare_responder."""
        path = self.build / name
        if not os.access(path, os.X_OK):
            raise NotMeasured(f"{path} is not built")
        return path

    def choose(self, usual, quick):
        """A number that depends on how thoroughly is measured."""
        return quick if self.quick else usual

    @contextlib.contextmanager
    def simulator(self, *arguments, latency_ms=0):
        """tests/upstream, with quotas that nobody meets: a harness.upstream.Simulator."""
        simulator = upstream.Simulator(*arguments, latency_ms=latency_ms)
        try:
            yield simulator
        finally:
            simulator.close()

    @contextlib.contextmanager
    def site(self, start, settings, program=None, **options):
        """A harness.servers.Server by one of the start_ functions there. program takes the place
        of forgefold, as a limit does; it gets the same settings file."""
        os.environ["FORGEFOLD"] = str(program or self.forgefold)
        try:
            server = start(settings, **options)
        finally:
            os.environ["FORGEFOLD"] = str(self.forgefold)
        try:
            yield server
        finally:
            server.close()

    @contextlib.contextmanager
    def cache(self, account=None):
        """A new folder for a cache in files, which belongs to the account, if one is given."""
        with processes.PrivateDirectory(account) as directory:
            yield directory

    def share(self, name, make):
        """What make(), a context manager, gives: made by the first suite that asks for it, and
        closed at the end of the run."""
        if name not in self._shared:
            self._shared[name] = self._kept.enter_context(make)
        return self._shared[name]

    def close(self):
        """Ends what is shared."""
        self._kept.close()


def give(path, account):
    """Makes an account of the password database the owner of a folder and all that is in it;
    None: it stays as it is."""
    if account is None:
        return
    for directory, _, files in os.walk(path):
        for name in (directory, *(os.path.join(directory, file) for file in files)):
            os.chown(name, account.pw_uid, account.pw_gid)


# Measuring ---------------------------------------------------------------------------------------

def interleaved(times, *measures):
    """Calls the functions in turn, so many rounds, so that what disturbs disturbs all alike.
    Returns a list of each one's results."""
    results = [[] for _ in measures]
    for _ in range(times):
        for measure, kept in zip(measures, results):
            kept.append(measure())
    return results


def compare(suite, what, unit, ours, limits, **more):
    """A Row of what was measured in pairs: medians, and the ratios of the pairs."""
    ratios = [mine / theirs for mine, theirs in zip(ours, limits, strict=True)]
    return rows.Row(suite, what, unit, statistics.median(ours), statistics.median(limits),
                    statistics.median(ratios), min(ratios), max(ratios), **more)


def processor_seconds(pids):
    """What the processes have used so far, in user and system mode, to a hundredth of a second.
    Threads that have ended count, children do not (proc(5), /proc/PID/stat)."""
    return sum(_ticks(pid) for pid in pids) / TICKS_PER_SECOND


def _ticks(pid):
    text = pathlib.Path(f"/proc/{pid}/stat").read_text()
    fields = text.rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def peak_memory_bytes(pid):
    """The most that was resident of a running process. Unlike ru_maxrss of a child it does not
    count what was resident of its parent when it was forked."""
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise NotMeasured(f"process {pid} tells no VmHWM")


@dataclasses.dataclass(frozen=True)
class Finished:
    """A program that has been run to its end."""

    status: int
    output: bytes
    errors: bytes
    wall_seconds: float
    processor_seconds: float


def run(command, *, environment=None, body=b"", account=None, seconds=600):
    """Runs a program to its end, with nothing in its environment but what is given, as an account
    of the password database (None: our own), and measures it by wait4. Raises NotMeasured if it
    fails."""
    as_account = {} if account is None else {
        "user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    with tempfile.TemporaryFile() as told, tempfile.TemporaryFile() as errors:
        begun = time.monotonic()
        child = subprocess.Popen(list(map(str, command)), stdin=subprocess.PIPE, stdout=told,
                                 stderr=errors, env=environment or {}, **as_account)
        with contextlib.suppress(BrokenPipeError):
            child.stdin.write(body)
        with contextlib.suppress(BrokenPipeError):
            child.stdin.close()
        usage = _wait(child, begun + seconds)
        wall = time.monotonic() - begun
        told.seek(0)
        errors.seek(0)
        finished = Finished(child.returncode, told.read(), errors.read(), wall,
                            usage.ru_utime + usage.ru_stime)
    if finished.status != 0:
        raise NotMeasured(f"{command[0]} ended with status {finished.status}: "
                          f"{finished.errors.decode(errors='replace')[-500:]}")
    return finished


def _wait(child, deadline):
    """wait4 with a deadline: a timer kills the child."""
    killer = threading.Timer(deadline - time.monotonic(), child.kill)
    killer.start()
    try:
        _, status, usage = os.wait4(child.pid, 0)
    finally:
        killer.cancel()
    child.returncode = os.waitstatus_to_exitcode(status)
    return usage
