"""One HTTP request and its whole answer, over requests: credentials, proxies, certificates, time-outs and bounds.

Redirects are not followed here. Every wait ends: to connect, between two pieces of an answer, and for all its pieces
together. What goes wrong is an `Again`, or an error of `contract.py`; no text of either holds a secret.
"""

import logging
import os
import socket
import ssl
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies

import requests
import urllib3
from requests.auth import AuthBase

from connectors._answer import Again, Answer, told
from connectors._placed import Placed
from connectors.contract import Refused, SourceError, Unavailable, Unreadable

Params = Mapping[str, str | int | None]
Credentials = tuple[str, str] | str | Placed | None
"""A name and a password for Basic, one token for Bearer, one that goes elsewhere, or nothing."""

_log = logging.getLogger(__name__)

_PIECE_BYTES = 256 * 1024
_TRUST = "trust the authority that signed it: ca_bundle names a file with its certificate"
_NO_AUTHORITIES = "NO_CERTIFICATE_OR_CRL_FOUND"
_AUTHORITIES = "name a file in PEM with certificates by ca_bundle, REQUESTS_CA_BUNDLE or SSL_CERT_FILE"


@dataclass(frozen=True, slots=True)
class Bounds:
    """How long and how large an answer may be."""

    connect_seconds: float
    silence_seconds: float
    total_seconds: float
    body_bytes: int


class Wire:
    """A session with one host."""

    def __init__(
        self,
        auth: Credentials,
        headers: Mapping[str, str],
        bounds: Bounds,
        *,
        timer: Callable[[], float],
        proxy: str | None,
        ca_bundle: Path | None,
    ) -> None:
        self._bounds, self._timer = bounds, timer
        self._auth, self._secrets = auth, tuple(_secrets(auth))
        self._proxies = {"http": proxy, "https": proxy} if proxy else {}
        self._authorities = str(ca_bundle) if ca_bundle else None
        self._environment: Mapping[str, Any] | None = None
        self._session = requests.Session()
        self._session.auth = auth if isinstance(auth, Placed) else _Credential(auth)
        self._session.headers.update(headers)

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def exchange(self, method: str, address: str, params: Params | None, json: Any, known: "Known") -> Answer:
        """Send one request and read its answer; what `known` gives for the address of it goes as If-None-Match."""
        wanted = {name: value for name, value in (params or {}).items() if value is not None}
        try:
            request = self._session.prepare_request(requests.Request(method, address, params=wanted, json=json))
            url = request.url or address
            if tag := known(url):
                request.headers["If-None-Match"] = tag
            answer = self._sent(request, url)
        except requests.exceptions.ContentDecodingError as error:
            raise self._unreadable(address, error) from error
        except (requests.ConnectionError, requests.Timeout, urllib3.exceptions.HTTPError) as error:
            raise self._failed(address, error) from error
        except requests.RequestException as error:
            raise self._unreadable(address, error) from error
        except OSError as error:  # requests found no file of authorities
            raise self._without_authorities(address) from error
        _log.debug("%s %s answered %s", method, self.safe(url), answer.status)
        return answer

    def _sent(self, request: requests.PreparedRequest, url: str) -> Answer:
        settings = self._around(url)
        timeout = self._bounds.connect_seconds, self._bounds.silence_seconds
        until = self._timer() + self._bounds.total_seconds
        with self._session.send(request, timeout=timeout, allow_redirects=False, **settings) as response:
            body = self._body(response, until)
            return Answer(url, response.status_code, response.headers, body, response.links)

    def _around(self, url: str) -> Mapping[str, Any]:
        """Find what the environment says of proxies and authorities: once, for it is one host and takes a while."""
        if self._environment is None:
            proxies, trusted = dict(self._proxies), self._trusted()
            self._environment = self._session.merge_environment_settings(url, proxies, True, trusted, None)
        return self._environment

    def _trusted(self) -> str | None:
        """Name the file of authorities; requests itself knows REQUESTS_CA_BUNDLE, but not OpenSSL's own variable."""
        if self._authorities or "REQUESTS_CA_BUNDLE" in os.environ or "CURL_CA_BUNDLE" in os.environ:
            return self._authorities
        return os.environ.get("SSL_CERT_FILE") or None

    def _body(self, response: requests.Response, until: float) -> bytes:
        """Read piece by piece as they come: waiting for full ones, a drip would never be noticed."""
        pieces, size = [], 0
        while piece := response.raw.read1(_PIECE_BYTES, decode_content=True):
            size += len(piece)
            if size > self._bounds.body_bytes:
                raise self._too_large(response)
            if self._timer() > until:
                raise Again(f"no whole answer within {self._bounds.total_seconds:g} s", state="unreachable")
            pieces.append(piece)
        return b"".join(pieces)

    def _too_large(self, response: requests.Response) -> SourceError:
        said = f"{self.safe(response.url)}: the answer is larger than {self._bounds.body_bytes} bytes"
        return Unreadable(said, remedy="if that is right, allow it by limit_megabytes")

    def _without_authorities(self, address: str) -> SourceError:
        said = f"{self.safe(address)}: the certificate authorities cannot be read"
        return Unavailable(said, state="unreachable", remedy=_AUTHORITIES)

    def _failed(self, address: str, error: Exception) -> Exception:
        """Tell a certificate that is not trusted from what may pass."""
        said = self.safe(f"{type(error).__name__}{_cause(error)}")
        if any(isinstance(one, ssl.SSLError) and one.reason == _NO_AUTHORITIES for one in _causes(error)):
            return self._without_authorities(address)
        if untrusted := next((one for one in _causes(error) if isinstance(one, ssl.SSLCertVerificationError)), None):
            why = f"its certificate is not trusted: {untrusted.verify_message}"
            return Unavailable(f"{self.safe(address)}: {why}", state="unreachable", remedy=_TRUST)
        return Again(f"no whole answer ({said})", state="unreachable")

    def _unreadable(self, address: str, error: Exception) -> SourceError:
        return told(Unreadable, f"{self.safe(address)}: {self.safe(str(error))}", "unreadable")

    def safe(self, text: str) -> str:
        """Take the credentials out of a text, and its length down to what a person reads."""
        renewed = self._auth.secrets if isinstance(self._auth, Placed) else ()
        for secret in (*self._secrets, *renewed):
            text = text.replace(secret, "***")
        return text if len(text) <= 400 else f"{text[:400]}…"  # noqa: PLR2004 - about five lines


Known = Callable[[str], str | None]
"""The ETag of the answer that is kept of an address."""


class _Credential(AuthBase):
    """Sets the Authorization header; always given, for otherwise requests looks into ~/.netrc."""

    def __init__(self, auth: tuple[str, str] | str | None) -> None:
        self._header = f"Basic {_basic(auth)}" if isinstance(auth, tuple) else f"Bearer {auth}" if auth else ""

    def __repr__(self) -> str:
        return "_Credential(***)"

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if not (self._header.isascii() and self._header.isprintable()):
            raise Refused("the token holds a line break or another character that no token has")
        if self._header:
            request.headers["Authorization"] = self._header
        return request


def _basic(auth: tuple[str, str]) -> str:
    return b64encode(":".join(auth).encode()).decode()


def _secrets(auth: Credentials) -> Iterator[str]:
    """List what no text may hold: the credentials, and the passwords of the environment's proxies."""
    if isinstance(auth, Placed):
        yield from auth.secrets
    else:
        yield from filter(None, (auth[1], _basic(auth)) if isinstance(auth, tuple) else (auth,))
    for address in getproxies().values():
        password = _password(address)
        yield from filter(None, {password, unquote(password)})


def _password(address: str) -> str:
    try:
        return urlsplit(address).password or ""
    except ValueError:
        return address


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _cause(error: Exception) -> str:
    """Say why there was no answer, as far as the system tells."""
    for one in _causes(error):
        if isinstance(one, socket.gaierror):
            return ": no such name"
        if isinstance(one, ConnectionRefusedError):
            return ": connection refused"
        if isinstance(one, OSError) and str(one).startswith("Tunnel connection failed"):
            return f": the proxy said {str(one).removeprefix('Tunnel connection failed: ')}"
        if isinstance(one, ssl.SSLError):
            return f": {one.reason}"
    return ""
