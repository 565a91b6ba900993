"""A connector of the user's own, named by its dotted path; what it brings stands in its settings."""

from datetime import UTC, datetime
from typing import Literal

from pydantic import Field, SecretStr

from connectors import contract
from connectors.contract import Artefact, Event, Initiative, Refused, Unread

WINDOW = None

SOURCE = '[sources.tool]\ntype = "tests.invented"\nurl = "https://tool.example"\n'
"""A table of the configuration for it, which wants its token from the environment."""
TOKEN = {"TTV_TOOL_TOKEN": "s3cret-value"}


class Names(contract.Settings):
    approved: tuple[str, ...] = ("Approved",)
    rejected: tuple[str, ...] = ()


class Settings(contract.Settings):
    url: str = Field(description="Where it answers.", examples=["https://tool.example"])
    token: SecretStr
    password: SecretStr | None = None
    ideas: tuple[str, ...] = ()
    fewer: tuple[str, ...] = ()
    """Of the ideas, those that are spoken of, but taken for none."""
    unread: int = Field(default=0, ge=0)
    deleted: tuple[str, ...] = ()
    """Of the ideas, those that are no more; they are yielded all the same."""
    mended: bool = False
    """Whether its program of today reads what could not be read."""
    mode: Literal["all", "mine"] = "all"
    names: Names = Names()
    refuses: bool = False


class Client:
    lag = 0.0

    def close(self):
        pass


def client(settings, *, sleep, now, traffic=None):
    return Client()


def events(settings, client, since, until):
    if settings.refuses:
        raise Refused("https://tool.example answered 401: the token is not valid; make a new one")
    for key in settings.ideas:
        yield Artefact(f"tool:{key}", ())
        if key in settings.fewer:
            continue
        yield Initiative(key=key, name=key.title(), claims=(f"tool:{key}",))
        yield Event(id=key, kind="idea", occurred_at=datetime(2026, 1, 2, tzinfo=UTC), subject=f"tool:{key}")
    for number in range(settings.unread):
        yield Unread(raw={"number": number}, reason="KeyError: 'created'", reader="record")


def gone(settings, client, subjects):
    return (subject for subject in subjects if subject.removeprefix("tool:") in settings.deleted)


def reread(settings, client):
    def again(reader, raw):
        if not settings.mended:
            raise KeyError("created")
        yield Event(f"{reader}/{raw['number']}", "idea", datetime(2026, 1, 3, tzinfo=UTC), f"tool:{raw['number']}")

    return again


def check(settings, client):
    yield f"signed in at {settings.url}"
    if settings.refuses:
        raise Refused("https://tool.example answered 401: the token is not valid; make a new one")
