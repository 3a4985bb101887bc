"""An archive on loopback: http.server over a directory in the archive's layout, with faults on request.

    with ArchiveServer(folder) as server:
        server.faults["*_20031120_v??.cdf"] = "500"
        fetch(..., archive=server.url)

`faults` maps a pattern of the request's path to the name of a fault (keys of FAULTS). `requests` lists (path, status).
"""

import fnmatch
import socket
import struct
import threading
import time
from contextlib import suppress
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


def status(code: int, handler, body: bytes) -> None:
    handler.send_error(code)


def at_first(code: int, times: int, handler, body: bytes) -> None:
    """An error to the first requests only."""
    if sum(path == handler.path for path, _ in handler.server.requests) >= times:
        handler.reply(body)
    else:
        handler.send_error(code)


def busy(handler, body: bytes) -> None:
    """429 once, with the seconds after which to come again."""
    if any(path == handler.path for path, _ in handler.server.requests):
        return handler.reply(body)
    handler.send_response(429)
    handler.send_header("Retry-After", "7")
    handler.send_header("Content-Length", "0")
    handler.end_headers()


def redirect(where: str | None, handler, body: bytes) -> None:
    """On to `where`, or to the same address again."""
    handler.send_response(302)
    handler.send_header("Location", where or handler.path)
    handler.send_header("Content-Length", "0")
    handler.end_headers()


def truncated(handler, body: bytes) -> None:
    """Announces the whole file, sends half of it."""
    handler.reply(body[: len(body) // 2], length=len(body))


def truncated_unannounced(handler, body: bytes) -> None:
    """Sends half of the file and does not say how long it should be."""
    handler.reply(body[: len(body) // 2], length=None)


def short(handler, body: bytes) -> None:
    """Half of the file, announced as all there is: what lies on the server is cut short itself."""
    handler.reply(body[: len(body) // 2])


def dropped(handler, body: bytes) -> None:
    """The connection breaks in the middle of the file, without a proper end."""
    handler.reply(body[: len(body) // 2], length=len(body))
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.close_connection = True
    handler.connection.close()


def corrupt(handler, body: bytes) -> None:
    """The right length, with the records' bytes overwritten in the middle of the file."""
    middle, width = len(body) // 2, min(2000, len(body) // 4)
    handler.reply(body[:middle] + b"\x7e" * width + body[middle + width :])


def html(handler, body: bytes) -> None:
    """A page in place of the file, as portals and maintenance servers send it."""
    handler.reply(b"<html><body>This service is under maintenance.</body></html>", kind="text/html")


def empty_listing(handler, body: bytes) -> None:
    """A folder without files, as servers list it."""
    handler.reply(b"<html><title>Index of /</title><body><h1>Index of /</h1></body></html>", kind="text/html")


def cut_listing(handler, body: bytes) -> None:
    """A listing that breaks off before the day's file, with nothing to say how long it should be."""
    handler.reply(
        b'<html><title>Index of /</title><a href="ac_h1_mfi_20030101_v01.cdf">', length=None, kind="text/html"
    )


def empty(handler, body: bytes) -> None:
    handler.reply(b"")


def reset(handler, body: bytes) -> None:
    """Closes the connection without an answer."""
    handler.close_connection = True
    handler.connection.close()


def trickle(handler, body: bytes) -> None:
    """A byte now and then: no single read ever times out."""
    handler.reply(b"", length=len(body))
    for k in range(200):
        handler.wfile.write(body[k : k + 1])
        handler.wfile.flush()
        if handler.server.stopping.wait(0.05):
            return


def endless(handler, body: bytes) -> None:
    """Sends the file again and again and never comes to an end; nothing says how long it should be."""
    handler.reply(body, length=None)
    while not handler.server.stopping.is_set():
        handler.wfile.write(body or b" " * 65_536)


def huge(handler, body: bytes) -> None:
    """Announces five terabytes."""
    handler.reply(body, length=5 * 10**12)


FAULTS = {
    **{str(code): partial(status, code) for code in (401, 403, 404, 410, 429, 500, 503)},
    "500_once": partial(at_first, 500, 1),
    "500_thrice": partial(at_first, 500, 3),
    "redirect_loop": partial(redirect, None),
    "redirect_to_another_host": partial(redirect, "http://localhost:9/elsewhere.cdf"),
    **{f.__name__: f for f in (truncated, truncated_unannounced, short, dropped, corrupt, html, empty_listing)},
    **{f.__name__: f for f in (busy, cut_listing, empty, reset, trickle, endless, huge)},
}


class Handler(SimpleHTTPRequestHandler):
    def do_GET(self):
        fault = next((f for pattern, f in self.server.faults.items() if fnmatch.fnmatch(self.path, pattern)), None)
        if fault is None:
            return super().do_GET()
        path = Path(self.translate_path(self.path))
        FAULTS[fault](self, path.read_bytes() if path.is_file() else b"")

    def reply(self, body: bytes, length: int | None = -1, kind: str = "application/octet-stream") -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        if length is not None:
            self.send_header("Content-Length", str(len(body) if length < 0 else length))
        self.end_headers()
        self.wfile.write(body)

    def log_request(self, code="-", size="-"):
        self.server.requests.append((self.path, int(code)))

    def finish(self):
        with suppress(OSError):  # of a connection that a fault closed
            super().finish()
        self.rfile.close()  # what `finish` leaves out when its flush fails: the socket would stay open until collected

    def log_message(self, format, *args):
        """Nothing on stderr."""


class ArchiveServer:
    """Context manager: serves `root` on loopback, on `port` or a free one; `url` is the archive to give to `fetch`."""

    def __init__(self, root: Path, port: int = 0):
        self.server = ThreadingHTTPServer(("127.0.0.1", port), partial(Handler, directory=str(root)))
        self.server.daemon_threads = True
        self.server.faults, self.server.requests, self.server.stopping = {}, [], threading.Event()
        self.faults, self.requests = self.server.faults, self.server.requests
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def __enter__(self) -> "ArchiveServer":
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *error) -> None:
        self.server.stopping.set()
        self.server.shutdown()
        self.server.server_close()


def hurry(monkeypatch) -> None:
    """Take the waiting out of pyspedas: its courtesy second per request, and the growing pauses between its retries.

    The retries themselves stay as they are.
    """
    import pyspedas.utilities.download

    monkeypatch.setattr(pyspedas.utilities.download, "sleep", lambda seconds: None)
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
