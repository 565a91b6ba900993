"""A GitHub App that signs itself in: its installation's tokens end after an hour, and are made anew before.

Takes the app's id and private key; gives the credentials of each request. The request for a token is signed by the key,
as a JSON Web Token of ten minutes; all others carry the installation's token.
"""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import requests

from connectors._placed import Placed
from connectors.contract import Refused

_EARLY = timedelta(minutes=5)
"""So long before its end a token is made anew: a page may take a while."""
_SKEW, _SIGNED = timedelta(minutes=1), timedelta(minutes=9)
"""A signature begins a little in the past, for clocks differ, and GitHub takes none that holds for more than ten."""


class Installation(Placed):
    """Credentials of one installation of an app."""

    def __init__(self, app: str, installation: int, key: str, now: Callable[[], datetime]) -> None:
        super().__init__("header", "Authorization", "")
        self.path = f"/app/installations/{installation}/access_tokens"
        self._app, self._key, self._now = app, key, now
        self._token, self._ends = "", datetime.min.replace(tzinfo=UTC)
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"Installation({self._app!r}, {self.path!r}, ***)"

    @property
    def secrets(self) -> tuple[str, ...]:
        """List the texts that no log and no error may show."""
        return tuple(filter(None, (self._key, self._token)))

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Sign a request."""
        ours = urlsplit(request.url or "").path.endswith(self.path)
        request.headers["Authorization"] = f"Bearer {self._signature() if ours else self._token}"
        return request

    def renew(self, ask: Callable[[], tuple[str, datetime]]) -> None:
        """Make sure of a token that holds for a while; `ask` gives a new one, and when it ends."""
        with self._lock:
            if self._now() + _EARLY < self._ends:
                return
            self._token, self._ends = ask()

    def _signature(self) -> str:
        import jwt  # noqa: PLC0415 - only an app needs it, and with its cryptography it takes a while to load

        now = self._now()
        told = {"iss": self._app, "iat": now - _SKEW, "exp": now + _SIGNED}
        try:
            signed: str = jwt.encode(told, self._key, algorithm="RS256")
        except (ValueError, TypeError, jwt.PyJWTError) as error:
            remedy = "give the file that GitHub made for the app, as it is"
            raise Refused("app_key is no private key in PEM", remedy=remedy) from error
        return signed
