"""One cursor for reading octets, and the multi-octet integer that WBXML and WSP share."""

from encoders.errors import DecodeError, EncodeError

UINTVAR_MAX_OCTETS = 5
"""WAP-192 clause 5.1 (mb_u_int32) and WAP-230 clause 8.1.2 (uintvar): at most 32 bits, so five octets of seven bits."""
UINT32_MAX = 0xFFFF_FFFF


def encode_uintvar(value: int) -> bytes:
    """Octets of `value` (0 to 2^32-1), seven bits an octet, high bit set on all but the last."""
    if not 0 <= value <= UINT32_MAX:
        raise EncodeError(f"integer {value}: 0 to {UINT32_MAX} fit a uintvar")
    if value < 0x80:
        return bytes((value,))
    septets = [value & 0x7F]
    while value := value >> 7:
        septets.append(value & 0x7F | 0x80)
    return bytes(reversed(septets))


class Cursor:
    """A place in octets, moved by reading; running past the end is a `DecodeError`."""

    __slots__ = ("octets", "position")

    def __init__(self, octets: bytes, position: int = 0) -> None:
        self.octets = octets
        self.position = position

    @property
    def at_end(self) -> bool:
        """True when nothing is left to read."""
        return self.position >= len(self.octets)

    def take(self, count: int) -> bytes:
        """The next `count` octets."""
        end = self.position + count
        if end > len(self.octets):
            left = len(self.octets) - self.position
            raise DecodeError(f"octet {self.position}: {count} octets expected, {left} left")
        taken = self.octets[self.position : end]
        self.position = end
        return taken

    def octet(self) -> int:
        """The next octet."""
        if self.position >= len(self.octets):
            raise DecodeError(f"octet {self.position}: one more expected, none left")
        value = self.octets[self.position]
        self.position += 1
        return value

    def peek(self) -> int | None:
        """The next octet without moving, or None at the end."""
        return None if self.at_end else self.octets[self.position]

    def uintvar(self) -> int:
        """The next multi-octet integer, 0 to 2^32-1."""
        start, value = self.position, 0
        for _ in range(UINTVAR_MAX_OCTETS):
            octet = self.octet()
            value = value << 7 | octet & 0x7F
            if not octet & 0x80:
                if value > UINT32_MAX:
                    raise DecodeError(f"octet {start}: multi-octet integer above 32 bits")
                return value
        raise DecodeError(f"octet {start}: multi-octet integer longer than {UINTVAR_MAX_OCTETS} octets")

    def c_string(self) -> bytes:
        """The octets up to the next NUL, which is taken too and left out."""
        end = self.octets.find(0, self.position)
        if end < 0:
            raise DecodeError(f"octet {self.position}: string without its final NUL")
        taken = self.octets[self.position : end]
        self.position = end + 1
        return taken

    def rest(self) -> bytes:
        """All octets that are left."""
        return self.take(len(self.octets) - self.position)
