"""A GitHub App that signs itself in, and again before its tokens end."""

from datetime import timedelta

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from pydantic import ValidationError

from connectors import github
from connectors.contract import Refused, Unreadable
from tests.connectors.conftest import NOW
from tests.connectors.github_found import merged
from tests.fakes import github as fake
from tests.fakes.web import said

SIGN_IN = "/app/installations/7/access_tokens"


@pytest.fixture(scope="module")
def key():
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="module")
def pem(key):
    form = serialization.PrivateFormat.TraditionalOpenSSL
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


class Hub(fake.Account):
    """The fake, which an app signs in to; its tokens hold for an hour by a clock that the test moves."""

    def __init__(self, key):
        super().__init__()
        self.now, self.tokens, self._key = NOW, {}, key
        self.routes.insert(0, (SIGN_IN, self._sign_in))

    def allowed(self, request):
        bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if request.path == SIGN_IN:
            times = {"verify_exp": False, "verify_iat": False}
            told = jwt.decode(bearer, self._key.public_key(), algorithms=["RS256"], options=times)
            starts, ends = (int(self.now.timestamp()) - told["iat"], told["exp"] - int(self.now.timestamp()))
            return told["iss"] == "123" and starts >= 60 and 0 < ends <= 600
        return self.tokens.get(bearer, self.now) > self.now

    def _sign_in(self, _request, _body):
        token = f"ghs_{len(self.tokens)}-of-the-app"
        self.tokens[token] = self.now + timedelta(hours=1)
        return said({"token": token, "expires_at": self.tokens[token].isoformat()}, 201)


@pytest.fixture
def hub(key):
    return Hub(key)


@pytest.fixture
def asked(asking, served, opened, hub, pem):
    """A function that makes settings of the app and a client on the hub's clock."""

    def make(secret=pem):
        told = {"app_id": "123", "app_installation": 7, "app_key": secret, "repositories": ["acme/pay"]}
        settings = github.Settings.model_validate({"url": served(hub), **told})
        return settings, opened(github.client, settings, now=lambda: hub.now)

    return make


def look(settings, client):
    return list(github.events(settings, client, fake.SPAN[0], None))


def test_an_app_reads_with_a_token_that_it_asked_for_once(asked, hub):
    settings, client = asked()
    assert merged(look(settings, client)) == ["pull/7001/merged", "pull/7003/merged"]
    look(settings, client)
    assert len(hub.tokens) == 1
    assert next(iter(github.check(settings, client))).startswith("app signed in; ")


def test_a_token_is_made_anew_before_it_ends(asked, hub):
    settings, client = asked()
    whole = look(settings, client)
    for _ in range(2):
        hub.now += timedelta(minutes=56)
        assert look(settings, client) == whole
    assert len(hub.tokens) == 3


def test_neither_key_nor_token_stands_in_a_log_error_or_repr(asked, hub, pem, caplog):
    caplog.set_level("DEBUG")
    settings, client = asked()
    echo = lambda request, _body: said({"message": request.headers["Authorization"]}, 422)  # noqa: E731
    hub.routes.insert(0, ("/repos/acme/pay/issues", echo))
    with pytest.raises(Unreadable, match=r"\*\*\*") as caught:
        look(settings, client)
    texts = [str(caught.value), caplog.text, repr(client), repr(settings), repr(client._auth)]
    assert not [one for one in (*hub.tokens, pem.splitlines()[1]) if one in "".join(texts)]


def test_an_app_that_is_not_known_is_refused(asked, hub):
    hub.allowed = lambda _request: False
    with pytest.raises(Refused, match=f"{SIGN_IN} answered 401"):
        look(*asked())


def test_a_key_that_is_none_is_refused_with_the_remedy(asked):
    with pytest.raises(Refused, match="app_key is no private key in PEM; give the file that GitHub made") as refused:
        look(*asked("not a key"))
    assert "not a key" not in str(refused.value)


def test_an_answer_without_a_token_is_unreadable(asked, hub):
    hub.routes.insert(0, (SIGN_IN, lambda *_: said({}, 201)))
    with pytest.raises(Unreadable, match="not what it promises"):
        look(*asked())


APP = {"app_id": "1", "app_installation": 7, "app_key": "k"}


@pytest.mark.parametrize("some", [{"app_key": "k"}, *({**APP, key: None} for key in APP)])
def test_an_app_is_given_whole(some):
    with pytest.raises(ValidationError, match="an app needs app_id, app_installation and app_key"):
        github.Settings.model_validate({"repositories": ["acme/pay"], **some})


def test_an_app_goes_before_a_token_and_a_key_alone_is_none(key):
    told = {"repositories": ["acme/pay"], "token": "t"}
    assert github.client(github.Settings.model_validate({**told, "app_key": "k"}))._auth == "t"
    assert "Installation" in repr(github.client(github.Settings.model_validate({**told, **APP}))._auth)
