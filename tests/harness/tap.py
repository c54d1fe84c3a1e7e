"""A very small producer of TAP 13.

A test is a function under `@test("sentence")`, or one handed to `add` when the same function is
tried on several set-ups. Tests run in the order they were named; `main` prints the plan at the
end, so that a program may add tests while it is being loaded.

Every test has a time limit. It is an alarm signal, so it also ends a test that is blocked in a
system call, and one stuck test costs its own limit and not the whole run.
"""

import signal
import sys
import traceback

DEFAULT_SECONDS = 60

_tests = []
_endings = []


class Skipped(Exception):
    """The test cannot be tried here; the message says why."""


class TimedOut(BaseException):
    """The test took longer than its limit. Not an Exception: no test may swallow it."""


def skip(reason):
    """Ends the running test as skipped."""
    raise Skipped(reason)


def test(sentence, seconds=DEFAULT_SECONDS):
    """Decorates a function of no arguments as a test that the sentence describes."""
    def keep(function):
        add(sentence, function, seconds=seconds)
        return function
    return keep


def add(sentence, function, *arguments, seconds=DEFAULT_SECONDS):
    """Adds function(*arguments) as a test that the sentence describes."""
    _tests.append((sentence, function, arguments, seconds))


def at_end(function):
    """Calls function() after the last test, the last given first. A failure there fails the run."""
    _endings.append(function)


def equal(found, wanted, what="value"):
    """Fails the running test, showing both, unless found == wanted."""
    if found != wanted:
        raise AssertionError(f"{what}: wanted {wanted!r}, found {found!r}")


def true(condition, what):
    """Fails the running test, saying what was wanted, unless the condition holds."""
    if not condition:
        raise AssertionError(f"wanted: {what}")


def diagnose(text):
    """Prints lines that a reader of the log may want and a TAP parser leaves alone."""
    for line in str(text).rstrip("\n").split("\n"):
        print(f"# {line}", flush=True)


class Lazy:
    """Something costly that several tests use: made by the first that asks for it.

    If it cannot be made, every test that asks for it ends the same way (skipped or failed) at
    once, instead of trying again.
    """

    def __init__(self, make, close):
        self._make, self._close = make, close
        self._value, self._failure, self._made = None, None, False
        at_end(self.close)

    def get(self):
        if not self._made:
            self._made = True
            try:
                self._value = self._make()
            except (Exception, TimedOut) as failure:
                self._failure = failure
        if isinstance(self._failure, Skipped):
            raise Skipped(str(self._failure))
        if self._failure is not None:
            raise AssertionError("could not be started") from self._failure
        return self._value

    @property
    def made(self):
        """Whether it was made and is still there."""
        return self._made and self._failure is None

    def close(self):
        """Closes what was made; nothing can be asked for afterwards."""
        value, self._value = self._value, None
        if self.made:
            self._failure = Skipped("was closed by an earlier test")
            self._close(value)


def main():
    """Runs all tests and prints what came of them. Returns the exit status: 0 if none failed.

    Words on the command line choose the tests whose sentence has any of them.
    """
    wanted = sys.argv[1:]
    chosen = [entry for entry in _tests if not wanted or any(w in entry[0] for w in wanted)]
    # A run that is stopped still calls what at_end was given.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    print("TAP version 13", flush=True)
    failed = 0
    try:
        for number, entry in enumerate(chosen, 1):
            failed += not _run(number, *entry)
    finally:
        failed += _end()
    print(f"1..{len(chosen)}", flush=True)
    return 1 if failed else 0


def _run(number, sentence, function, arguments, seconds):
    sentence = sentence.replace("#", "\\#").replace("\n", " ")
    previous = signal.signal(signal.SIGALRM, lambda *_: _time_out(seconds))
    signal.alarm(seconds)
    try:
        function(*arguments)
    except Skipped as skipped:
        signal.alarm(0)
        reason = str(skipped).replace("\n", " ")
        print(f"ok {number} - {sentence} # SKIP {reason}", flush=True)
        return True
    except (Exception, TimedOut):
        signal.alarm(0)
        print(f"not ok {number} - {sentence}", flush=True)
        diagnose(traceback.format_exc())
        return False
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, previous)
    print(f"ok {number} - {sentence}", flush=True)
    return True


def _time_out(seconds):
    raise TimedOut(f"still running after {seconds} s")


def _end():
    """Calls the endings, all of them, and counts those that failed."""
    failed = 0
    for ending in reversed(_endings):
        try:
            ending()
        except Exception:
            print("Bail out! what the tests had started could not be ended", flush=True)
            diagnose(traceback.format_exc())
            failed += 1
    return failed
