#!/usr/bin/env python3
"""The architecture, checked: includes point down only, and third-party headers stay in their files.

Floors are folders of src/. A file may include headers of lower floors and of
its own folder; folders that share a floor do not know each other.
"""

import os
import pathlib
import re
import sys

FLOORS = {
    "base": 0,
    "http": 1,
    "profile": 2,
    "forge": 3,
    "upstream": 3,
    "store": 3,
    "engine": 4,
    "api": 5,
    "gateway": 6,
    ".": 7,
}

# Which files may include headers of which library.
THIRD_PARTY = {
    "json-c": re.compile(r"^(profile|forge|api)/"),
    "curl": re.compile(r"^upstream/curl_library\.h$"),
    "fcgiapp.h": re.compile(r"^gateway/fastcgi\.c$"),
    "hiredis": re.compile(r"^store/redis_library\.h$"),
    "nettle": re.compile(r"^api/key_digest\.c$"),
    "xxhash.h": re.compile(r"^base/hash\.c$"),
}
# Which files may see a library through the header that includes it.
SEEN_THROUGH = {
    "upstream/curl_library.h": re.compile(
        r"^upstream/((curl_library|curl_options|ending|transfer)\.[ch]|upstream_curl\.c)$"
    ),
    "store/redis_library.h": re.compile(r"^store/(redis(_\w+)?\.[ch]|store_redis\.c)$"),
}
LIBRARY = re.compile(r"^(json-c|json_c|curl|hiredis|nettle)/|^(xxhash\.h)$|^fcgi\w*\.h$")

# Functions that cut silently, write without bounds, or are not safe in threads.
BANNED = re.compile(
    r"(?<![\w.>])(gets|strcpy|strcat|sprintf|vsprintf|strncpy|strncat|strtok|atoi|atol|atoll|"
    r"gmtime|localtime|ctime|asctime|alloca|rand|srand|tmpnam|mktemp|system|popen|setlocale)\s*\("
)
INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]', re.MULTILINE)
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
STRING = re.compile(r'"(?:[^"\\\n]|\\.)*"')


def source_root() -> pathlib.Path:
    """The folder of the sources: top_srcdir is set by `make check`."""
    top = os.environ.get("top_srcdir") or pathlib.Path(__file__).resolve().parents[2]
    return pathlib.Path(top) / "src"


def folder_of(name: str) -> str:
    """The folder below src/ that decides a file's floor."""
    return name.split("/")[0] if "/" in name else "."


class Sources:
    """Every file of src/ with its text and its includes."""

    def __init__(self, root: pathlib.Path) -> None:
        self.text = {
            str(path.relative_to(root)): path.read_text()
            for path in sorted(root.rglob("*.[ch]"))
        }

    def includes(self, name: str):
        """Pairs of the quoting character and the header."""
        return INCLUDE.findall(self.text[name])

    def reached(self, name: str) -> set:
        """The headers of src/ that a file includes, through however many others."""
        seen, left = set(), [name]
        while left:
            own = [header for quote, header in self.includes(left.pop()) if quote == '"']
            new = [header for header in own if header in self.text and header not in seen]
            seen.update(new)
            left.extend(new)
        return seen


def folders_known(sources: Sources):
    """Every folder of src/ has a floor."""
    return [name for name in sources.text if folder_of(name) not in FLOORS]


def directions(sources: Sources):
    """Includes go to lower floors or to the own folder, by their path from src/."""
    wrong = []
    for name in sources.text:
        for quote, header in sources.includes(name):
            if quote != '"' or header == "config.h":
                continue
            target = folder_of(header)
            down = FLOORS.get(target, 99) < FLOORS[folder_of(name)] or target == folder_of(name)
            if header not in sources.text or not down:
                wrong.append(f"{name} includes {header}")
    return wrong


def circles(sources: Sources):
    """No header includes itself, through however many others."""
    return [name for name in sources.text if name in sources.reached(name)]


def third_party(sources: Sources):
    """Each library's headers are included only where its floor says."""
    wrong = []
    for name in sources.text:
        for quote, header in sources.includes(name):
            found = LIBRARY.search(header)
            if not found:
                continue
            library = found.group(1) or found.group(2) or "fcgiapp.h"
            library = library.replace("json_c", "json-c")
            if not THIRD_PARTY[library].search(name):
                wrong.append(f"{name} includes <{header}>")
    return wrong


def third_party_through_headers(sources: Sources):
    """A library's types go no further than the files that are named for it."""
    wrong = []
    for header, allowed in SEEN_THROUGH.items():
        if header not in sources.text:
            wrong.append(f"there is no {header}")
        wrong += [
            f"{name} sees {header}"
            for name in sources.text
            if header in sources.reached(name) and not allowed.search(name)
        ]
    return wrong


def config_first(sources: Sources):
    """config.h is the first include of every .c and of no header."""
    wrong = []
    for name in sources.text:
        headers = [header for _, header in sources.includes(name)]
        if name.endswith(".c") and headers[:1] != ["config.h"]:
            wrong.append(f"{name} does not include config.h first")
        if "config.h" in headers[1:] or (name.endswith(".h") and "config.h" in headers):
            wrong.append(f"{name} includes config.h where it must not")
    return wrong


def own_header_second(sources: Sources):
    """A .c includes its own header right after config.h, so that the header stands alone."""
    wrong = []
    for name in sources.text:
        own = name[:-2] + ".h"
        if not name.endswith(".c") or own not in sources.text:
            continue
        headers = [header for _, header in sources.includes(name)]
        if headers[1:2] != [own]:
            wrong.append(f"{name} does not include {own} second")
    return wrong


def banned_functions(sources: Sources):
    """No function that cuts silently, writes without bounds or shares state."""
    wrong = []
    for name, text in sources.text.items():
        code = STRING.sub('""', COMMENT.sub("", text))
        wrong += [f"{name} calls {call}" for call in BANNED.findall(code)]
    return wrong


def short_functions(sources: Sources):
    """No function body is longer than sixty lines."""
    wrong = []
    for name, text in sources.text.items():
        start = None
        for number, line in enumerate(text.splitlines(), 1):
            if line.startswith("{"):
                start = number
            elif line.startswith("}") and start is not None:
                if number - start > 60:
                    wrong.append(f"{name}:{start} has {number - start} lines")
                start = None
    return wrong


CHECKS = [
    folders_known,
    directions,
    circles,
    third_party,
    third_party_through_headers,
    config_first,
    own_header_second,
    banned_functions,
    short_functions,
]


def main() -> int:
    """Runs every check; prints TAP."""
    sources = Sources(source_root())
    print(f"1..{len(CHECKS)}")
    failed = 0
    for number, check in enumerate(CHECKS, 1):
        wrong = check(sources) if sources.text else ["no sources found"]
        for line in wrong:
            print(f"# {line}")
        failed += bool(wrong)
        print(f"{'not ok' if wrong else 'ok'} {number} - {check.__doc__}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
