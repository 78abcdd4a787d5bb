"""Speaks with a language server over its standard input and output, as an
editor does: SERVER. Prints what it says of a wrong and of a right file."""

import json
import subprocess
import sys

WRONG = """func.func @main(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %y = onnx.MatMul(%x, %x) : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}
"""
RIGHT = """func.func @main(%x: tensor<1x?x2x4xf32>) -> tensor<1x?x2x4xf32> {
  %y = blockattn.attention %x, %x, %x {causal, scale = 0.5 : f32} : tensor<1x?x2x4xf32>, tensor<1x?x2x4xf32>, tensor<1x?x2x4xf32> -> tensor<1x?x2x4xf32>
  return %y : tensor<1x?x2x4xf32>
}
"""


class Server:
    def __init__(self, command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL)
        self.number = 0

    def send(self, method, params, request=False):
        message = {"jsonrpc": "2.0", "method": method, "params": params}
        if request:
            self.number += 1
            message["id"] = self.number
        body = json.dumps(message).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self.process.stdin.flush()

    def receive(self):
        length = None
        while (line := self.process.stdout.readline().strip()):
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        if length is None:
            sys.exit("error: the server hung up")
        return json.loads(self.process.stdout.read(length))

    def ask(self, method, params):
        self.send(method, params, request=True)
        while True:
            message = self.receive()
            if message.get("id") == self.number:
                return message["result"]

    def diagnostics(self, uri, text):
        self.send("textDocument/didOpen", {"textDocument": {
            "uri": uri, "languageId": "mlir", "version": 1, "text": text}})
        while True:
            message = self.receive()
            if message.get("method") == "textDocument/publishDiagnostics" \
                    and message["params"]["uri"] == uri:
                return message["params"]["diagnostics"]


def main():
    server = Server(sys.argv[1:])
    answer = server.ask("initialize", {"processId": None, "rootUri": None,
                                       "capabilities": {}, "trace": "off"})
    print("server:", answer["serverInfo"]["name"])
    print("hovers:", answer["capabilities"]["hoverProvider"])
    server.send("initialized", {})
    for diagnostic in server.diagnostics("file:///wrong.mlir", WRONG):
        print(f"wrong: line {diagnostic['range']['start']['line'] + 1}: "
              f"severity {diagnostic['severity']}: {diagnostic['message']}")
    print("right:", server.diagnostics("file:///right.mlir", RIGHT))
    hover = server.ask("textDocument/hover", {
        "textDocument": {"uri": "file:///right.mlir"},
        "position": {"line": 1, "character": 10}})
    print("hover:", hover["contents"]["value"].replace("\n", " "))
    server.ask("shutdown", None)
    server.send("exit", None)
    server.process.stdin.close()
    print("status:", server.process.wait(timeout=60))


main()
