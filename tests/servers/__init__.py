"""Real servers for the tests, each started on loopback ports chosen at run time."""

import os
import shutil

import pytest

SBIN = os.pathsep.join(("/usr/sbin", "/usr/local/sbin", "/sbin"))


def need(program: str) -> str:
    """The path of a program: a failure where it is missing on CI, a visible skip elsewhere."""
    path = shutil.which(program) or shutil.which(program, path=SBIN)
    if path is None:
        message = f"{program} is not installed"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return path
