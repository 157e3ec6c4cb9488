"""The handset's own reading of octets, and its one error."""

_UINTVAR_MAX_OCTETS = 5
"""WAP-230 clause 8.1.2: uintvar carries at most 32 bits, seven in an octet."""


class DecodeError(ValueError):
    """The octets are not what they should be; the text says which octet breaks which rule."""


class Reader:
    """Octets read from front to back; reading past the end is a `DecodeError`."""

    __slots__ = ("_at", "_octets")

    def __init__(self, octets: bytes) -> None:
        self._octets = octets
        self._at = 0

    def __bool__(self) -> bool:
        """True while something is left."""
        return self._at < len(self._octets)

    @property
    def at(self) -> int:
        """How many octets have been read."""
        return self._at

    def octet(self) -> int:
        """The next octet."""
        octet = self.peek()
        self._at += 1
        return octet

    def take(self, count: int) -> bytes:
        """The next `count` octets."""
        taken = self._octets[self._at : self._at + count]
        if len(taken) < count:
            raise DecodeError(f"octet {self._at}: {count} announced, {len(taken)} left")
        self._at += count
        return taken

    def rest(self) -> bytes:
        """All that is left."""
        return self.take(len(self._octets) - self._at)

    def peek(self) -> int:
        """The next octet without reading it; an error at the end."""
        if not self:
            raise DecodeError(f"ends after {self._at} octets, another was expected")
        return self._octets[self._at]

    def uintvar(self) -> int:
        """The next multi-octet integer (WAP-230 clause 8.1.2; mb_u_int32 of WAP-192 clause 5.1)."""
        value = 0
        for _ in range(_UINTVAR_MAX_OCTETS):
            octet = self.octet()
            value = value * 128 + octet % 128
            if octet < 128:
                if value >= 1 << 32:
                    break
                return value
        raise DecodeError(f"octet {self._at}: multi-octet integer does not fit 32 bits")

    def text(self) -> bytes:
        """The octets before the next NUL, which is read too."""
        nul = self._octets.find(b"\0", self._at)
        if nul < 0:
            raise DecodeError(f"octet {self._at}: text without its NUL")
        text = self._octets[self._at : nul]
        self._at = nul + 1
        return text
