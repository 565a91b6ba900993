"""A secret that goes where a tool wants it: into a header, the query or the JSON body of every request."""

from typing import Any, Literal
from urllib.parse import parse_qs, quote, quote_plus, urlsplit

import orjson
import requests
from requests.auth import AuthBase

from connectors.contract import Refused

Where = Literal["header", "query", "body"]


class Placed(AuthBase):
    """Puts a secret under a name into each request."""

    def __init__(self, where: Where, name: str, secret: str) -> None:
        self._where, self._name, self._secret = where, name, secret

    def __repr__(self) -> str:
        return f"Placed({self._where!r}, {self._name!r}, ***)"

    @property
    def secrets(self) -> tuple[str, ...]:
        """List the texts that no log and no error may show: the secret as it is, and as an address has it."""
        return tuple(dict.fromkeys((self._secret, quote(self._secret, safe=""), quote_plus(self._secret))))

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Add the secret."""
        if not (self._secret.isascii() and self._secret.isprintable()):
            raise Refused("the token holds a line break or another character that no token has")
        if self._where == "header":
            request.headers[self._name] = self._secret
        elif self._where == "query" and self._name not in parse_qs(urlsplit(request.url or "").query):
            request.prepare_url(request.url, {self._name: self._secret})
        elif self._where == "body":
            request.prepare_body(None, None, {**_object(request.body), self._name: self._secret})
        return request


def _object(body: Any) -> dict[str, Any]:
    found = orjson.loads(body or b"{}")
    return found if isinstance(found, dict) else {}
