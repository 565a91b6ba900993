"""JSON as the API has it: instants in UTC with `Z`, fractions only where there are any, no NaN."""

from typing import Any

import orjson
from flask import Response
from flask.json.provider import JSONProvider

_OPTIONS = orjson.OPT_UTC_Z | orjson.OPT_SERIALIZE_NUMPY


JSON = "application/json"


def encoded(value: Any) -> bytes:
    """Write a value."""
    return orjson.dumps(value, option=_OPTIONS)


class Json(JSONProvider):
    """Flask's JSON by orjson."""

    def dumps(self, obj: Any, **_: Any) -> str:
        """Write a value as text."""
        return encoded(obj).decode()

    def loads(self, s: str | bytes, **_: Any) -> Any:
        """Read a text."""
        return orjson.loads(s)

    def response(self, *args: Any, **kwargs: Any) -> Response:
        """Answer with a value."""
        return Response(encoded(self._prepare_response_obj(args, kwargs)), content_type=JSON)
