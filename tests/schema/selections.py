"""What the forges read of answers: the tables of type `struct selection` in their sources."""

import ast
import dataclasses
import re

# #define NAME value, with its continued lines.
DEFINE = re.compile(r"^[ \t]*#[ \t]*define[ \t]+([A-Z_]+)[ \t]+((?:.*\\\n)*.*)$", re.MULTILINE)
TABLE = re.compile(r"struct selection (\w+) = \{(.*?)^\};", re.DOTALL | re.MULTILINE)
LIST = r"\.%s\s*=\s*\(const char \*const\[\]\)\s*\{(.*?)\}"
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)


@dataclasses.dataclass(frozen=True)
class Selection:
    """Of one table: where the array is (None: there is none), and the dotted members that are read
    of each of its elements, and of the document around it."""

    source: str
    name: str
    array: object
    members: tuple
    envelope: tuple

    @property
    def title(self):
        return f"{self.name} of {self.source}"

    def paths(self):
        """All dotted paths from the document on; an array stands for any of its elements."""
        prefix = self.array + "." if self.array else ""
        return [prefix + member for member in self.members] + list(self.envelope)


def _macros(text):
    """Those that are texts, or lists of texts."""
    known = {name: value.replace("\\\n", " ").strip() for name, value in DEFINE.findall(text)}
    return {name: value for name, value in known.items() if value.startswith('"')}


def _expanded(path):
    """A source with such macros of its own, and of the headers it includes from its folder,
    replaced by their values."""
    text = COMMENT.sub(" ", path.read_text(encoding="utf-8"))
    texts = {}
    for header in re.findall(rf'^#include "{path.parent.name}/(\w+\.h)"', text, re.MULTILINE):
        texts |= _macros(COMMENT.sub(" ", (path.parent / header).read_text(encoding="utf-8")))
    texts |= _macros(text)
    for _ in range(8):  # macros of macros
        text = re.sub(r"\b[A-Z_]{3,}\b", lambda found: texts.get(found[0], found[0]), text)
    return text


def _texts(body):
    """The strings of an initialiser: adjacent ones are one."""
    if body is None:
        return ()
    parts = [part.strip() for part in body.split(",")]
    return tuple(ast.literal_eval(f"({part})") for part in parts if part and part != "NULL")


def _field(pattern, body):
    found = re.search(pattern, body, re.DOTALL)
    return found[1] if found else None


def read(folder):
    """Every selection of the sources in a folder."""
    found = []
    for path in sorted(folder.glob("*.c")):
        for name, body in TABLE.findall(_expanded(path)):
            array = _field(r"\.array\s*=\s*([^,]*)", body)
            found.append(Selection(
                path.name, name, ast.literal_eval(f"({array})") if array else None,
                _texts(_field(LIST % "members", body)), _texts(_field(LIST % "envelope", body))))
    return found
