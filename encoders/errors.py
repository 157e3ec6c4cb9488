"""The two errors of every codec, named by what to do next."""


class EncodeError(ValueError):
    """The value cannot be represented in this format: change it. The text names the field, the rule and the fix."""


class DecodeError(ValueError):
    """The octets are not a value of this format: whoever sent them must mend them. The text names place and rule."""
