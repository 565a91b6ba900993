"""A proxy as companies have them: it opens tunnels to a tool that only it can reach, for those who may."""

import contextlib
import selectors
import socket
import socketserver
import threading
from collections.abc import Iterator
from types import SimpleNamespace


@contextlib.contextmanager
def proxying(port, *, login=None) -> Iterator[SimpleNamespace]:
    """Tunnel whatever host is asked for to a port of this machine; `asked` are the heads of the requests."""
    asked = []

    class Tunnel(socketserver.StreamRequestHandler):
        def handle(self):
            head = b"".join(iter(self.rfile.readline, b"\r\n")).decode()
            asked.append(head)
            if login and f"Basic {login}" not in head:
                self.wfile.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
                return
            with socket.create_connection(("127.0.0.1", port)) as there:
                self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
                _relay(self.connection, there)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Tunnel) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield SimpleNamespace(address=f"127.0.0.1:{server.server_address[1]}", asked=asked)
        server.shutdown()
        thread.join()


def _relay(here, there):
    """Pass on what comes from either side until one of them closes."""
    with selectors.DefaultSelector() as both:
        both.register(here, selectors.EVENT_READ, there)
        both.register(there, selectors.EVENT_READ, here)
        while True:
            for key, _ in both.select():
                with contextlib.suppress(ConnectionError):
                    piece = key.fileobj.recv(65_536)
                    if piece:
                        key.data.sendall(piece)
                        continue
                return
