# SPDX-License-Identifier: BSD-2-Clause
"""A client for QEMU's machine protocol."""

import json
import socket


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
