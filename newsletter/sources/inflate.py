"""Unpacks gzip and zlib streams while counting, so that a few kilobytes cannot fill the memory."""

import zlib
from collections.abc import Iterable

from newsletter.errors import SourceRefused

GZIP_OR_ZLIB = 47  # zlib's "wbits": 32 (detect the header) + 15 (the largest window)


def too_large(max_bytes: int) -> SourceRefused:
    """The one error for anything over its cap; the caller puts the name before it."""
    size = f"{max_bytes / 1e6:g} MB"
    return SourceRefused(f"is larger than the {size} allowed: raise max_megabytes if that is meant")


def joined(chunks: Iterable[bytes], max_bytes: int) -> bytes:
    """The chunks in one; SourceRefused as soon as they are more than `max_bytes`."""
    body = bytearray()
    for chunk in chunks:
        body += chunk
        if len(body) > max_bytes:
            raise too_large(max_bytes)
    return bytes(body)


def inflate(chunks: Iterable[bytes], max_bytes: int) -> bytes:
    """The unpacked bytes of a gzip or zlib stream of one or more members (RFC 1950, RFC 1952).

    Raises SourceRefused over `max_bytes` or for bytes that are no such stream, EOFError if it is cut short.
    """
    body = bytearray()
    unpacker = zlib.decompressobj(GZIP_OR_ZLIB)
    begun = False
    for chunk in chunks:
        packed = chunk
        while packed:
            if unpacker.eof:
                # Tapes and some servers pad the end with zeros; anything else begins another member.
                packed = packed.lstrip(b"\0")
                if not packed:
                    break
                unpacker = zlib.decompressobj(GZIP_OR_ZLIB)
            begun = True
            # One byte over the cap is enough to know; the rest stays packed.
            body += _step(unpacker, packed, max_bytes + 1 - len(body))
            if len(body) > max_bytes:
                raise too_large(max_bytes)
            packed = unpacker.unconsumed_tail or unpacker.unused_data
    if begun and not unpacker.eof:
        raise EOFError("ends in the middle of its compressed data")
    return bytes(body)


def _step(unpacker: "zlib._Decompress", packed: bytes, room: int) -> bytes:
    try:
        return unpacker.decompress(packed, room)
    except zlib.error as error:
        raise SourceRefused(f"is not valid gzip ({error})") from error
