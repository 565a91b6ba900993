"""Commands as processes of their own."""

import re
import subprocess
import sys
from contextlib import contextmanager

PATIENCE = 120
"""Seconds after which a test gives up; none waits so long when all is well."""


@contextmanager
def started(*arguments, folder, environ=None):
    """Start a command as a process of its own; give it and its address, once it says where it is."""
    command = [sys.executable, "-m", "ttv", *arguments]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=folder, env={"PATH": "", **(environ or {})}, **pipes) as process:
        try:
            told = process.stdout.readline()
            at = re.search(r"http://[\w.\[\]:]+/", told)
            assert at, told + process.stderr.read()
            yield process, at[0]
        finally:
            process.kill()


def ended(process):
    """Wait for the end; give what was said on standard error."""
    _, said = process.communicate(timeout=PATIENCE)
    return said
