"""Logs: one JSON line to stderr per batch or rare event. The story of a single push is in its history, not here."""

import logging
import re
import sys
import traceback

import structlog

_MESSAGE_MAX = 200
"""Characters that are kept of what a library says."""
_ARGUMENTS = re.compile(r"\(.*\)")
"""Of a call that asyncio tells of; they are what a task or a callback worked at."""


def configure(*, readable: bool = False, warnings_only: bool = False) -> None:
    """Log to stderr from now on: JSON for programs, or lines for people at a terminal.

    What libraries have to say goes the same way.
    """
    renderer = (
        structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty()) if readable else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING if warnings_only else logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=logging.WARNING, handlers=[Libraries()])


class Libraries(logging.Handler):
    """Takes what libraries log (aiohttp, asyncio, SQLAlchemy) into the log of the server.

    Without the values that stand in it, the text of the error and what follows the first line: they may hold a key, a
    password or an identity that somebody sent.
    """

    def emit(self, record: logging.LogRecord) -> None:
        """Log the sentence, and where the error came from."""
        error = record.exc_info[1] if record.exc_info else None
        structlog.get_logger(__name__).log(
            record.levelno,
            "library.logged",
            library=record.name,
            message=_ARGUMENTS.sub("()", str(record.msg).partition("\n")[0])[:_MESSAGE_MAX],
            error=type(error).__name__ if error else None,
            trace="".join(traceback.format_tb(error.__traceback__)) if error else None,
        )
