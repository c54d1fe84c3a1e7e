"""Rendered response bodies and the cache that keeps them.

A page of a hundred GitHub repositories is half a megabyte. Rendering it takes about two
milliseconds, compressing it several times that, so both happen once and are kept: a simulator
that is busy rendering would be measured instead of the program under test.
"""

import collections
import hashlib
import json
import zlib

CACHE_BYTES = 512 * 1024 * 1024


class Body:
    """Bytes of a response, with the digest and the compressed form made on first use."""

    __slots__ = ("data", "_digest", "_gzip")

    def __init__(self, data):
        self.data = data
        self._digest = None
        self._gzip = None

    @property
    def digest(self):
        if self._digest is None:
            self._digest = hashlib.sha256(self.data).hexdigest()
        return self._digest

    @property
    def gzip(self):
        if self._gzip is None:
            self._gzip = gzip_bytes(self.data)
        return self._gzip


EMPTY = Body(b"")


def gzip_bytes(data):
    """Without the time stamp that the gzip module writes, so that equal bodies stay equal."""
    compressor = zlib.compressobj(6, zlib.DEFLATED, 31)
    return compressor.compress(data) + compressor.flush()


def json_bytes(value):
    """As both forges write JSON: no white space, UTF-8 not escaped."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8")


class BodyCache:
    """The most recently used bodies, bounded in bytes."""

    def __init__(self, limit=CACHE_BYTES):
        self._limit = limit
        self._weight = 0
        self._bodies = collections.OrderedDict()

    def get(self, key, render):
        """The body under the key; `render()` returns its bytes when it is not there."""
        body = self._bodies.get(key)
        if body is not None:
            self._bodies.move_to_end(key)
            return body
        body = Body(render())
        self._bodies[key] = body
        self._weight += len(body.data)
        while self._weight > self._limit and len(self._bodies) > 1:
            _, dropped = self._bodies.popitem(last=False)
            self._weight -= len(dropped.data)
        return body

    def forget(self, wanted):
        """Drop every body whose key satisfies `wanted`."""
        for key in [key for key in self._bodies if wanted(key)]:
            self._weight -= len(self._bodies.pop(key).data)
