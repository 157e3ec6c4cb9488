"""The rule for independent peers: a missing program skips its tests on a desk and fails them where `CI=true`."""

import os
import shutil

import pytest


def peer(executable: str) -> str:
    """Path of an independent program; where it is missing the test is skipped, but fails when `CI=true`."""
    path = shutil.which(executable)
    if path is not None:
        return path
    reason = f"{executable} is not installed: our octets are not checked against it here"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)
