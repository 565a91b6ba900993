"""Times as tools and people write them: in many forms, and not always with an offset from UTC.

Takes text or a number, the form that it has, and the zone of what has no offset; gives an aware instant in UTC. Without
a zone such a time is refused, and so is one that its zone had twice or never, when the clocks were changed.
"""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator

from connectors._reading import instant

SECONDS, MILLISECONDS = "unix_seconds", "unix_milliseconds"
_NAMED = ("auto", SECONDS, MILLISECONDS)


def _form(text: str) -> str:
    if text not in _NAMED and "%" not in text:
        raise ValueError(f'must be {", ".join(_NAMED)} or a pattern such as "%d/%m/%Y %H:%M", several with | between')
    return text


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f'there is no time zone "{name}"; write one such as Europe/Berlin or UTC') from None
    return name


Form = Annotated[str, AfterValidator(_form)]
Zone = Annotated[str, AfterValidator(_zone)]


def read(value: Any, form: str = "auto", zone: str | None = None) -> datetime:
    """Read an instant; ValueError or TypeError in words."""
    if form in (SECONDS, MILLISECONDS):
        return _counted(value, 1000 if form == MILLISECONDS else 1)
    if "%" not in form and not isinstance(value, str):
        return instant(value)
    return _placed(_written(str(value).strip(), form), value, zone)


def _written(text: str, form: str) -> datetime:
    """Read a time as it is written, in the first of the forms that fits."""
    for one in form.split("|"):
        try:
            return datetime.strptime(text, one) if "%" in one else datetime.fromisoformat(text)  # noqa: DTZ007  it comes
        except ValueError:
            continue
    wanted = f"written as {form}" if "%" in form else "written like 2026-05-01T09:30:00Z"
    raise ValueError(f"{text!r} is not {wanted}, or no day that exists")


def _counted(value: Any, units: int) -> datetime:
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise TypeError(f"{value!r} is no number")
    return datetime.fromtimestamp(float(value) / units, UTC)


def _placed(at: datetime, said: Any, zone: str | None) -> datetime:
    """Give a time its place in the world."""
    if at.tzinfo is not None:
        return at.astimezone(UTC)
    if zone is None:
        raise ValueError(f"{said!r} has no offset from UTC, and it is never guessed")
    return _local(at, ZoneInfo(zone)).astimezone(UTC)


def _local(at: datetime, zone: ZoneInfo) -> datetime:
    early, late = (at.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    if early.utcoffset() == late.utcoffset():
        return early
    never = (early.utcoffset() or timedelta()) < (late.utcoffset() or timedelta())
    when = "never was" if never else "was twice"
    raise ValueError(f"{at.isoformat(' ')} {when} in {zone.key}, for the clocks were changed; write it with its offset")
