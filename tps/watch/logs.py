"""Logs: one JSON line to stderr per batch or rare event. The story of a single push is in its history, not here."""

import logging
import sys

import structlog


def configure(*, readable: bool = False, warnings_only: bool = False) -> None:
    """Log to stderr from now on: JSON for programs, or lines for people at a terminal."""
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
