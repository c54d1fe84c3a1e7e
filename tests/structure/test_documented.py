#!/usr/bin/env python3
"""What is documented is what there is: settings with their bounds and defaults, options of the
command line, and types of problems, in the README, the manual pages and the examples.

The sources are read as text, so that this needs nothing built. What a built program says of itself
(--help, --check) tests/integration/ compares with the manual pages.
"""

import os
import pathlib
import re
import sys

ROOT = pathlib.Path(os.environ.get("top_srcdir") or pathlib.Path(__file__).resolve().parents[2])

SETTING = re.compile(r'\{\.name = "([A-Z_]+)",')
FIELD = re.compile(r"\.(fallback|minimum|maximum|type) = (\"[^\"]*\"|[^,]+),")
UNITS = {"KIBIBYTE": 2 ** 10, "MEBIBYTE": 2 ** 20, "YEAR": 31622400,
         "CLIENT_LIMIT_MAXIMUM": 1000000000}
SIZES = (("GiB", 2 ** 30), ("MiB", 2 ** 20), ("KiB", 2 ** 10))
# Words in capitals that are no settings of ours: what others tell the program, tests and builds.
OTHERS = {"FORGEFOLD_CONFIG", "CACHE_DIRECTORY", "XDG_CACHE_HOME", "SCHEMA_CACHE", "REQUEST_URI",
          "FCGI_LIBS", "JSON_C_LIBS", "REMOTE_ADDR"}


def read(name):
    """A file of the source tree."""
    return (ROOT / name).read_text(encoding="utf-8")


def number(text):
    """A number of the table: "16 * MEBIBYTE"."""
    value = 1
    for factor in text.split("*"):
        factor = factor.strip()
        value *= UNITS.get(factor) or int(factor)
    return value


def settings():
    """The settings of the program, by name: the fields of each that the table gives."""
    table = read("src/gateway/settings_table.c").split("settings_table[] = {")[1].split("\n};")[0]
    parts = SETTING.split(table)
    return {name: {field: value.strip('"') for field, value in FIELD.findall(rest)}
            for name, rest in zip(parts[1::2], parts[2::2])}


def shown(value, kind):
    """A number as a page writes it: sizes in the largest unit that fits, others as they are."""
    if kind == "SETTING_BYTES":
        for unit, size in SIZES:
            if value >= size and value % size == 0:
                return f"{value // size} {unit}"
    return str(value)


def bounds(fields):
    """What a page must say of the bounds: "1 to 600"; None where there is no upper one."""
    if "maximum" not in fields:
        return None
    kind = fields["type"]
    return (f"{shown(number(fields.get('minimum', '0')), kind)} to "
            f"{shown(number(fields['maximum']), kind)}")


def rows():
    """The rows of the README's table of settings, by name. Two names may share one."""
    found = {}
    for line in read("README.md").split("\n## Settings\n")[1].split("\n## ")[0].splitlines():
        cells = [cell.strip() for cell in line.split("|")]
        if len(cells) == 5:
            found.update({name: cells for name in re.findall(r"`([A-Z_]+)`", cells[1])})
    return found


def items():
    """The items of forgefold.conf(5), by name."""
    page = read("man/forgefold.conf.5").split(".Sh FILES")[0]
    parts = re.split(r"^\.It Ev ([A-Z_]+)\n", page, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2]))


def settings_in_readme():
    """The README's table has every setting, and no other."""
    known, told = set(settings()), set(rows())
    return [f"{name} is not in the README" for name in sorted(known - told)] + \
           [f"there is no {name} that the README has" for name in sorted(told - known)]


def settings_in_manual():
    """So has forgefold.conf(5)."""
    known, told = set(settings()), set(items())
    return [f"{name} is not in the page" for name in sorted(known - told)] + \
           [f"there is no {name} that the page has" for name in sorted(told - known)]


def settings_in_examples():
    """The example has every setting with its default, and both examples have no other."""
    wrong, known = [], settings()
    example = dict(re.findall(r"^#([A-Z_]+)=(.*)$", read("forgefold.conf.example"), re.MULTILINE))
    for name, fields in known.items():
        if example.get(name) != fields.get("fallback", ""):
            wrong.append(f"{name} is {example.get(name)!r} in the example")
    hosting = re.findall(r"^#?([A-Z_]+)=", read("apache/shared-hosting/htforgefold.conf.example"),
                         re.MULTILINE)
    return wrong + [f"there is no {name} of an example"
                    for name in sorted({*example, *hosting} - set(known))]


def documented_bounds():
    """The README and forgefold.conf(5) tell the bounds of a number as the program has them."""
    wrong, in_readme, in_manual = [], rows(), items()
    for name, fields in settings().items():
        wanted = bounds(fields)
        if wanted is None:
            continue
        pages = {"forgefold.conf(5)": re.sub(r"\s*\([^)]*\)", "", in_manual.get(name, ""))}
        if not name.startswith("CLIENT_"):  # so large a bound is for the manual page
            pages["the README"] = " ".join(in_readme.get(name, ()))
        wrong += [f"{page} does not say {wanted} of {name}" for page, text in pages.items()
                  if wanted not in " ".join(text.split())]
    return wrong


def documented_defaults():
    """The README tells a default as the program has it."""
    wrong, table = [], rows()
    for name, fields in settings().items():
        fallback = fields.get("fallback")
        # A word for both of two settings, and one for addresses.
        if fallback is None or name in ("METRICS_ALLOW", "HEALTH_ALLOW"):
            continue
        told = table.get(name, [""] * 5)[2].strip("`")
        if told != fallback:
            wrong.append(f"{name} is {told!r} in the README, and {fallback!r} in the program")
    return wrong


def names_that_are_none():
    """Every name in capitals that a text for people shows is that of a setting."""
    wrong, known = [], set(settings()) | OTHERS
    texts = ["README.md", "docs/problems.html", "docs/reference.html",
             *(str(path.relative_to(ROOT)) for folder in ("apache", "lighttpd", "nginx", "systemd")
               for path in sorted((ROOT / folder).rglob("README.md")))]
    for name in texts:
        for word in re.findall(r"(?:`|<code>)([A-Z]+(?:_[A-Z]+)+)\b", read(name)):
            if word not in known:
                wrong.append(f"{name} has {word}")
    return wrong


def options():
    """The README and forgefold(1) name every option of the command line."""
    source = read("src/gateway/command_line.c").split("fixed_options[] = {")[1].split("};")[0]
    known = re.findall(r'\{"([a-z-]+)"', source)
    page = read("man/forgefold.1").replace("\\-", "-")
    wrong = [f"--{name} is not in forgefold(1)" for name in known
             if not re.search(rf"^\.It Fl (h , )?-{name}\b", page, re.MULTILINE)]
    readme = read("README.md")
    return wrong + [f"--{name} is not in the README" for name in known
                    if name not in ("help", "version") and f"--{name}" not in readme]


def problems():
    """The README names every type of problem, with its status."""
    told = re.findall(r"^\| (\d{3}) \| ([^|]*)\|", read("README.md"), re.MULTILINE)
    pairs = {(status, name) for status, names in told for name in re.findall(r"`([a-z-]+)`", names)}
    known = set(re.findall(r'\{(\d{3}),\s*"([a-z-]+)"', read("src/api/refusal.c")))
    return [f"{name} ({status}) is not in the README" for status, name in sorted(known - pairs)] + \
           [f"there is no {name} ({status})" for status, name in sorted(pairs - known)]


CHECKS = [settings_in_readme, settings_in_manual, settings_in_examples, documented_bounds,
          documented_defaults, names_that_are_none, options, problems]


def main():
    """Runs every check; prints TAP."""
    print(f"1..{len(CHECKS)}")
    failed = 0
    for position, check in enumerate(CHECKS, 1):
        wrong = check()
        for line in wrong:
            print(f"# {line}")
        failed += bool(wrong)
        sentence = " ".join(check.__doc__.split())
        print(f"{'not ok' if wrong else 'ok'} {position} - {sentence}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
