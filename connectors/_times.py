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
        raise ValueError(f'must be {", ".join(_NAMED)} or a pattern such as "%d/%m/%Y %H:%M"')
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
    if "%" in form:
        return _placed(datetime.strptime(str(value), form), value, zone)  # noqa: DTZ007  the zone comes next
    if not isinstance(value, str):
        return instant(value)
    return _placed(datetime.fromisoformat(value.strip()), value, zone)


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
