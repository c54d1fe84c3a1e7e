"""Bitbucket's partial responses: the `fields` parameter.

`fields=a,b.c` keeps only what is named; `+a.b` and `-a.b` add to and take from what the answer
has without the parameter. A dotted path reaches through objects and, element by element, through
arrays. Naming a member keeps all of it. `*` stands for every member at its place.
"""


class Selector:
    """A parsed `fields` parameter."""

    def __init__(self, text):
        named, self._removed = {}, {}
        added = False
        for part in filter(None, (piece.strip() for piece in text.split(","))):
            sign, path = (part[0], part[1:]) if part[0] in "+-" else ("", part)
            if sign == "-":
                _insert(self._removed, path)
            elif sign == "":
                _insert(named, path)
            else:
                # Everything that a forge of this simulator has is in its full answer already,
                # so an added path matters only beside named ones.
                added = True
                _insert(named, path)
        only_added = added and all(piece.strip()[:1] in ("+", "-")
                                   for piece in text.split(",") if piece.strip())
        self._named = None if only_added or not named else named

    def apply(self, value):
        if self._named is not None:
            value = _keep(value, self._named)
        if self._removed:
            value = _remove(value, self._removed)
        return value


def _insert(tree, path):
    """An empty dict is a leaf: keep the whole subtree. A leaf is not narrowed by longer paths."""
    parts = path.split(".")
    for part in parts[:-1]:
        held = tree.get(part)
        if held == {} and part in tree:
            return
        tree = tree.setdefault(part, {})
    tree[parts[-1]] = {}


def _keep(value, tree):
    if not tree:
        return value
    if isinstance(value, list):
        return [_keep(element, tree) for element in value]
    if not isinstance(value, dict):
        return value
    if "*" in tree:
        return {key: _keep(member, tree.get(key, tree["*"])) for key, member in value.items()}
    return {key: _keep(value[key], below) for key, below in tree.items() if key in value}


def _remove(value, tree):
    if isinstance(value, list):
        return [_remove(element, tree) for element in value]
    if not isinstance(value, dict):
        return value
    kept = {}
    for key, member in value.items():
        below = tree.get(key, tree.get("*"))
        if below is None:
            kept[key] = member
        elif below:
            kept[key] = _remove(member, below)
    return kept
