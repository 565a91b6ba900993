"""What the small fakes of the tools share: routes, pages of two, and a record of what they were asked."""

import json
import re
from urllib.parse import urlencode

from werkzeug.wrappers import Request, Response

PAGE = 2


class Web:
    """A WSGI application made of routes; those of a subclass are its methods' results by path."""

    def __init__(self):
        self.asked = []
        """(method, path, parameters, body) of each request."""
        self.routes = []
        """(pattern of the path, function of the request and the pattern's groups, that gives a body or a Response)."""

    def __call__(self, environ, start_response):
        request = Request(environ)
        body = json.loads(request.get_data() or "null")
        self.asked.append((request.method, request.path, request.args.to_dict(), body))
        return self._answer(request, body)(environ, start_response)

    def _answer(self, request, body):
        if not self.allowed(request):
            return said({"message": "Bad credentials", "errorMessages": ["You are not signed in."]}, 401)
        for pattern, answer in self.routes:
            found = re.fullmatch(pattern, request.path)
            if found:
                told = answer(request, body, *found.groups())
                return told if isinstance(told, Response) else said(told)
        return said({"message": "Not Found"}, 404)

    def allowed(self, request):
        """Whether the request carries the right credentials."""
        raise NotImplementedError


def said(body, status=200, headers=None):
    """Answer with JSON."""
    return Response(json.dumps(body), status, headers, content_type="application/json")


def linked(request, records, wrap=lambda page: page, *, size=PAGE):
    """Answer with a page, and the address of the next one in `Link`."""
    page = int(request.args.get("page", 1))
    headers = {}
    if len(records) > page * size:
        address = f"{request.base_url}?{urlencode({**request.args.to_dict(), 'page': page + 1})}"
        headers["Link"] = f'<{address}>; rel="next", <{request.base_url}?page=9>; rel="last"'
    answer = said(wrap(records[(page - 1) * size : page * size]), headers=headers)
    answer.add_etag()
    return answer.make_conditional(request)
