"""Seeded changes of bytes that fit anything: flips, cuts, repeats, splices."""

import random
from collections.abc import Sequence

Content = bytearray


def flip(content: Content, rng: random.Random) -> Content:
    for _ in range(rng.choice((1, 1, 3, 10))):
        if content:
            content[rng.randrange(len(content))] = rng.randrange(256)
    return content


def truncate(content: Content, rng: random.Random) -> Content:
    return content[: rng.randrange(len(content) + 1)]


def repeat(content: Content, rng: random.Random) -> Content:
    start = rng.randrange(len(content) + 1)
    piece = content[start : start + rng.randrange(400)] * rng.choice((0, 2, 3))
    return content[:start] + piece + content[start:]


def splice(content: Content, rng: random.Random, others: Sequence[bytes]) -> Content:
    other = rng.choice(others)
    cut, start = rng.randrange(len(content) + 1), rng.randrange(len(other))
    return content[:cut] + other[start:]


def damaged(content: Content, rng: random.Random, kind: int, others: Sequence[bytes]) -> Content:
    """Change bytes by one of the four ways above, in their order."""
    match kind:
        case 0:
            return flip(content, rng)
        case 1:
            return truncate(content, rng)
        case 2:
            return repeat(content, rng)
        case _:
            return splice(content, rng, others)


def number_in(content: Content, rng: random.Random, width: int, order: str) -> Content:
    """Overwrite an integer somewhere with a telling one."""
    value = rng.choice((0, 1, 2, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 2**31, 2**32 - 1, rng.randrange(2**32)))
    at = rng.randrange(max(1, len(content) - width))
    content[at : at + width] = (value & (256**width - 1)).to_bytes(width, "big" if order == ">" else "little")
    return content
