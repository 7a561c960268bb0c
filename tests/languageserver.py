"""The real language server of YAML over its standard input and output, as an editor speaks to it."""

import json
import subprocess
from pathlib import Path
from typing import Any


class LanguageServer:
    """One server with schemas by the files that they are of; use as a context manager. `root` is the folder opened."""

    def __init__(self, program: str, root: Path, schemas: dict[str, str]) -> None:
        self._root, self._schemas, self._next = root, schemas, 0
        self._process = subprocess.Popen(
            [program, "--stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        self._asked = False
        self._told: dict[str, list[dict[str, Any]]] = {}

    def __enter__(self) -> "LanguageServer":
        answer = self._ask(
            "initialize",
            processId=None,
            rootUri=self._root.as_uri(),
            capabilities={
                "textDocument": {"completion": {"completionItem": {"documentationFormat": ["plaintext"]}}},
                "workspace": {"configuration": True},
            },
        )
        assert "capabilities" in answer
        self._say("initialized")
        # Before it has asked for its settings and used them once, it knows no schema.
        while not self._asked:
            self._read()
        self.faults("first.yaml", "a: 1\n")
        return self

    def __exit__(self, *_fault: object) -> None:
        self._process.kill()
        self._process.communicate()

    def faults(self, name: str, text: str) -> list[tuple[int, str]]:
        """Lines (from 1) and messages of what is wrong with a file of this name."""
        uri = self._open(name, text)
        while uri not in self._told:
            self._read()
        return [(each["range"]["start"]["line"] + 1, each["message"]) for each in self._told.pop(uri)]

    def completions(self, name: str, text: str, line: int, column: int) -> list[str]:
        """What is offered at a place (from 1) of a file of this name."""
        uri = self._open(name, text)
        place = {"line": line - 1, "character": column - 1}
        found = self._ask("textDocument/completion", textDocument={"uri": uri}, position=place)
        return [item["label"] for item in found["items"]]

    def hover(self, name: str, text: str, line: int, column: int) -> str:
        """What is shown over a place (from 1) of a file of this name."""
        uri = self._open(name, text)
        place = {"line": line - 1, "character": column - 1}
        found = self._ask("textDocument/hover", textDocument={"uri": uri}, position=place)
        return str(found["contents"]["value"]) if found else ""

    def _open(self, name: str, text: str) -> str:
        # Each in a folder of its own, so that a server that knows a file by its address never confuses two.
        self._next += 1
        uri = (self._root / str(self._next) / name).as_uri()
        document = {"uri": uri, "languageId": "yaml", "version": 1, "text": text}
        self._say("textDocument/didOpen", textDocument=document)
        return uri

    def _ask(self, method: str, **given: Any) -> Any:
        self._next += 1
        number = self._next
        self._write({"jsonrpc": "2.0", "id": number, "method": method, "params": given})
        while True:
            message = self._read()
            if message.get("id") == number and "method" not in message:
                assert "error" not in message, message
                return message["result"]

    def _say(self, method: str, **given: Any) -> None:
        self._write({"jsonrpc": "2.0", "method": method, "params": given})

    def _read(self) -> dict[str, Any]:
        """The next message; what the server asks is answered, what it finds is kept."""
        assert self._process.stdout
        length = 0
        while (line := self._process.stdout.readline().strip()) or not length:
            assert line or self._process.poll() is None, "the language server has ended"
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        message: dict[str, Any] = json.loads(self._process.stdout.read(length))
        if message.get("method") == "workspace/configuration":
            answers = [self._settings(item.get("section", "")) for item in message["params"]["items"]]
            self._write({"jsonrpc": "2.0", "id": message["id"], "result": answers})
            self._asked = True
        elif "method" in message and "id" in message:
            self._write({"jsonrpc": "2.0", "id": message["id"], "result": None})
        elif message.get("method") == "textDocument/publishDiagnostics":
            self._told[message["params"]["uri"]] = message["params"]["diagnostics"]
        return message

    def _settings(self, section: str) -> Any:
        on = dict.fromkeys(("validate", "completion", "hover"), True)
        yaml = {"schemas": self._schemas, "schemaStore": {"enable": False}, **on}
        return {"yaml": yaml}.get(section, {})

    def _write(self, message: dict[str, Any]) -> None:
        assert self._process.stdin
        raw = json.dumps(message).encode()
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(raw), raw))
        self._process.stdin.flush()
