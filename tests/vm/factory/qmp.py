# SPDX-License-Identifier: BSD-2-Clause
"""A client for QEMU's machine protocol."""

import json
import shlex
import socket
import time
from pathlib import Path

# Seconds between two looks, and bytes a second: more than there are.
SAVE_POLL = 0.05
SAVE_BANDWIDTH = 1 << 40


class QmpError(Exception):
    pass


class Qmp:
    """Speaks over a connected socket; every command has a time limit."""

    def __init__(self, connection: socket.socket, timeout: float) -> None:
        connection.settimeout(timeout)
        self._socket = connection
        self._lines = connection.makefile("r", encoding="utf-8")
        self._receive()     # the greeting
        self.execute("qmp_capabilities")

    def _receive(self) -> dict:
        line = self._lines.readline()
        if not line:
            raise QmpError("QEMU closed the connection")
        return json.loads(line)

    def execute(self, command: str, **arguments) -> dict:
        """Returns the command's result; events that come first are dropped."""
        message = {"execute": command, "arguments": arguments}
        self._socket.sendall(json.dumps(message).encode() + b"\n")
        while True:
            answer = self._receive()
            if "error" in answer:
                raise QmpError(f"{command}: {answer['error']['desc']}")
            if "return" in answer:
                return answer["return"]


def save(qmp: Qmp, path: Path, timeout: float) -> None:
    """Writes the guest as if it moved to another machine; it cannot run after that."""
    qmp.execute("migrate-set-parameters", **{"max-bandwidth": SAVE_BANDWIDTH})
    qmp.execute("migrate", uri=f"exec:cat > {shlex.quote(str(path))}")
    deadline = time.monotonic() + timeout
    while (state := qmp.execute("query-migrate"))["status"] != "completed":
        if state["status"] == "failed" or time.monotonic() > deadline:
            raise QmpError(f"not saved: {state.get('error-desc', state['status'])}")
        time.sleep(SAVE_POLL)
