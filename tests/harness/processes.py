"""Child processes, temporary directories and ports for tests.

Nothing here sleeps to be safe: waiting is for a condition, with the child watched alive. Nothing
outlives the test: every child dies with its parent, and is stopped by its own process id.
"""

import ctypes
import os
import pathlib
import shutil
import signal
import stat
import socket
import subprocess
import tempfile
import time

from . import tap

PR_SET_PDEATHSIG = 1  # prctl(2)
POLL_SECONDS = 0.01

_libc = ctypes.CDLL(None, use_errno=True)


def _die_with(parent, death_signal):
    """For the child between fork and exec: be sent death_signal when the parent ends."""
    def prepare():
        if _libc.prctl(PR_SET_PDEATHSIG, int(death_signal)) != 0:
            os._exit(126)
        if os.getppid() != parent:  # it ended before prctl was called
            os._exit(126)
    return prepare


def _guard(pid, death_signal):
    """A process that waits for the end of this one, told by a pipe, and then signals pid."""
    return subprocess.Popen(["/bin/sh", "-c", 'read -r _; kill -s "$1" "$2"', "guard",
                             signal.Signals(death_signal).name.removeprefix("SIG"), str(pid)],
                            stdin=subprocess.PIPE)


class Child:
    """A running program whose output goes to a log file.

    Start it from the main thread: the kernel ties the death signal to the thread that forked.
    For a server with children of its own give death_signal=SIGTERM, so that it ends them too.
    A program that changes its user loses the death signal, says prctl(2); say so by
    changes_user, and a guard sends it instead.
    """

    def __init__(self, command, log, *, environment=None, directory=None,
                 death_signal=signal.SIGKILL, stdin=subprocess.DEVNULL, stdout=None,
                 changes_user=False):
        self.command, self.log = command, log
        with open(log, "ab") as sink:
            self._process = subprocess.Popen(
                command, stdin=stdin, stdout=sink if stdout is None else stdout, stderr=sink,
                env=environment, cwd=directory, close_fds=True,
                preexec_fn=_die_with(os.getpid(), death_signal))
        self.pid = self._process.pid
        self.stdin, self.stdout = self._process.stdin, self._process.stdout
        self._guard = _guard(self.pid, death_signal) if changes_user else None

    def alive(self):
        return self._process.poll() is None

    def status(self):
        """The exit status, negative for a signal, None while it runs."""
        return self._process.poll()

    def send(self, signal_number):
        self._process.send_signal(signal_number)

    def wait(self, seconds):
        """Waits for its end and returns the status. Fails when it still runs after that time."""
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self} still runs after {seconds} s\n{self.tail()}") from None

    def stop(self, seconds=15, signal_number=signal.SIGTERM):
        """Asks it to end, kills it after that time, returns its status."""
        for stream in (self.stdin, self.stdout):
            if stream is not None:
                stream.close()
        if self._guard is not None:
            # First of all: once the child is waited for, its id may be another's.
            self._guard.kill()
            self._guard.communicate()
            self._guard = None
        if self.alive():
            self.send(signal_number)
            try:
                self._process.wait(seconds)
            except subprocess.TimeoutExpired:
                self._process.kill()
        return self._process.wait()

    def tail(self, lines=20):
        """The end of its log, for diagnostics."""
        with open(self.log, "rb") as log:
            return b"\n".join(log.read().splitlines()[-lines:]).decode("utf-8", "replace")

    def __str__(self):
        return f"{self.command[0]} (process {self.pid})"


def wait_until(condition, what, *, child=None, seconds=20):
    """Returns the first true value of condition(). Fails when time is up or the child ended."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if child is not None and not child.alive():
            raise AssertionError(
                f"{child} ended with status {child.status()} before: {what}\n{child.tail()}")
        if time.monotonic() > deadline:
            log = f"\n{child.tail()}" if child is not None else ""
            raise AssertionError(f"not within {seconds} s: {what}{log}")
        time.sleep(POLL_SECONDS)


def accepts(address):
    """Whether something listens: address is a port of 127.0.0.1, or the path of a Unix socket."""
    family = socket.AF_INET if isinstance(address, int) else socket.AF_UNIX
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.settimeout(1)
        try:
            probe.connect(("127.0.0.1", address) if isinstance(address, int) else address)
        except OSError:
            return False
    return True


def free_port():
    """A TCP port of 127.0.0.1 that was free a moment ago. A caller that loses the race to bind
    it should ask again."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class TemporaryDirectory:
    """A directory that is removed when closed, whoever owns what is in it.

    Its name is short, because the path of a Unix socket has at most 107 bytes.
    """

    def __init__(self, base=None):
        self.path = tempfile.mkdtemp(prefix="ff-", dir=base)

    def close(self):
        shutil.rmtree(self.path)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class PrivateDirectory(TemporaryDirectory):
    """A directory for a cache in files, which the program refuses below one in which every user may
    write, such as /tmp. An account of the password database may be given, that it is to belong to.

    It is below the build folder, the home directory, or a folder of the system's. Skips the test
    where none of them will do.
    """

    def __init__(self, account=None):
        bases = (os.environ.get("top_builddir"), os.environ.get("HOME"), "/var/cache", "/run")
        fit = next((base for base in bases if base and _is_private_below(base, account)), None)
        if fit is None:
            tap.skip("every place for a cache is below a directory in which every user may write")
        super().__init__(fit)
        if account:
            os.chown(self.path, account.pw_uid, account.pw_gid)

    @property
    def url(self):
        """What CACHE_URL is for it."""
        return f"file:{self.path}"


def _is_private_below(base, account):
    """Whether we can make directories there, which the account can reach, and nobody else can put
    others in their place."""
    base = pathlib.Path(base).resolve()
    if not os.access(base, os.W_OK):
        return False
    modes = [parent.stat().st_mode for parent in (base, *base.parents)]
    return not any(mode & stat.S_IWOTH for mode in modes) and (
        account is None or all(mode & stat.S_IXOTH for mode in modes))


def take_away(path):
    """Removes what is there, whatever it is, also while others go on writing in it."""
    while os.path.lexists(path):
        if os.path.isdir(path) and not os.path.islink(path):
            shutil.rmtree(path, ignore_errors=True)
        else:
            os.unlink(path)


def running(program):
    """The ids of the processes that run the program, told by its path.

    Tests install a copy of the program of their own, so these are the ones that they started.
    A process that has ended and was not yet waited for does not count.
    """
    return [pid for pid in map(int, filter(str.isdigit, os.listdir("/proc")))
            if _runs(pid, program)]


def _runs(pid, program):
    try:
        if os.readlink(f"/proc/{pid}/exe").removesuffix(" (deleted)") == program:
            return True
        # A program that is a script: its path is what the interpreter was given.
        with open(f"/proc/{pid}/cmdline", "rb") as command:
            return program.encode() in command.read().split(b"\0")[:3] \
                and _is_script(program)
    except OSError:
        return False


def _is_script(program):
    with open(program, "rb") as file:
        return file.read(2) == b"#!"


def end_all(program):
    """Kills what still runs the program, so that nothing outlives the test. Returns their ids."""
    left = running(program)
    for pid in left:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    return left
