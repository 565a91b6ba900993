"""A tool held against its vendor's description, of OpenAPI 3.0: WSGI middleware that checks each request and answer.

`faults` lists what neither may be: a path, a method, a parameter or a body that is not described, and an answer of
another shape.
"""

import json
import re
from functools import cache

from openapi_schema_validator import OAS30Validator
from werkzeug.test import run_wsgi_app
from werkzeug.wrappers import Request, Response


class Description:
    """What a vendor says that its API is."""

    def __init__(self, read):
        self._paths, self._components = read["paths"], read["components"]

    def operation(self, method, path):
        """Find the template of a path and what is done there; KeyError if nothing is."""
        found = [template for template in self._paths if re.fullmatch(re.sub(r"{\w+}", "[^/]+", template), path)]
        template = min(found, key=lambda one: one.count("{"))
        return template, self._paths[template][method.lower()]

    def faults(self, schema, value):
        """Say where a value is not what a schema says."""
        return [f"{fault.json_path}: {fault.message[:200]}" for fault in self._validator(schema).iter_errors(value)]

    def answered(self, operation, status, body):
        """Say where an answer is not what is described."""
        told = operation["responses"].get(str(status))
        if told is None:
            return [f"{status} is not described"]
        schema = told.get("content", {}).get("application/json", {}).get("schema")
        return self.faults(schema, body) if schema else []

    def asked(self, operation, request):
        """Say where a request is not what is described."""
        known = {one["name"]: one["schema"] for one in operation.get("parameters", ()) if one["in"] == "query"}
        faults = [f"there is no parameter {name}" for name in request.args if name not in known]
        for name in set(request.args) & set(known):
            faults += self.faults(known[name], _cast(known[name]["type"], request.args.getlist(name)))
        body = request.get_data()
        if not body:
            return faults
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        return faults + self.faults(schema, json.loads(body))

    def _validator(self, schema):
        return _validator(json.dumps({**schema, "components": self._components}))


@cache
def _validator(schema):
    return OAS30Validator(json.loads(schema))


def _cast(kind, values):
    if kind == "array":
        return values
    return int(values[0]) if kind == "integer" else values[0]


class Held:
    """An application that is held against a description; of `known` faults nothing is said."""

    def __init__(self, app, description, known="$^", alias=lambda path: path):
        self._app, self._description, self._known, self._alias = app, description, re.compile(known), alias
        self.faults, self.used = [], set()

    def __call__(self, environ, start_response):
        request = Request(environ)
        request.get_data(cache=True)
        path = self._alias(request.path)
        try:
            template, operation = self._description.operation(request.method, path)
        except (KeyError, ValueError):
            self.faults.append(f"{request.method} {path} is not described")
            return self._app(environ, start_response)
        environ["wsgi.input"].seek(0)
        body, status, headers = run_wsgi_app(self._app, environ, buffered=True)
        answer = Response(b"".join(body), status, headers)
        faults = self._description.asked(operation, request)
        faults += self._description.answered(operation, answer.status_code, answer.get_json())
        self.faults += [f"{request.method} {template}: {fault}" for fault in faults if not self._known.search(fault)]
        self.used.add(f"{request.method} {template}")
        return answer(environ, start_response)
