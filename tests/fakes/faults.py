"""Ways in which any tool may misbehave, as WSGI middleware around it."""

from werkzeug.test import run_wsgi_app
from werkzeug.wrappers import Response

LOGIN = b"<!DOCTYPE html><html><title>Sign in</title></html>"


def throttled(app, *, times=1, headers=None, status=429):
    """Answer the first requests with a limit."""
    left = iter(range(times))

    def middleware(environ, start_response):
        if next(left, None) is None:
            return app(environ, start_response)
        return Response('{"message": "slow down"}', status, {"Retry-After": "7", **(headers or {})})(
            environ, start_response
        )

    return middleware


class budgeted:  # noqa: N801 - used as the functions here are
    """Allow each account so many requests, say what is left, and refuse the others as GitHub does."""

    def __init__(self, app, *, requests, seconds):
        self._app, self._requests, self._seconds = app, requests, seconds
        self._left = {}
        self.refused = 0

    def __call__(self, environ, start_response):
        account = environ.get("HTTP_AUTHORIZATION")
        left = self._left.get(account, self._requests)
        self._left[account] = left - 1
        told = {"X-RateLimit-Remaining": str(max(0, left - 1)), "X-RateLimit-Reset": str(self._seconds)}
        if left > 0:
            body, status, headers = run_wsgi_app(self._app, environ, buffered=True)
            return Response(b"".join(body), status, [*headers, *told.items()])(environ, start_response)
        self.refused += 1
        return Response('{"message": "API rate limit exceeded"}', 403, told)(environ, start_response)


def refused(_app):
    """Answer every request with 401."""
    return Response('{"message": "Bad credentials"}', 401, content_type="application/json")


def gone(_app):
    """Answer every request with 410, as Jira Cloud does for the search that it removed."""
    return Response('{"errorMessages": ["The requested API has been removed."]}', 410, content_type="application/json")


def forbidden(_app):
    """Answer every request as if the token's permissions were taken away."""
    return Response('{"message": "Resource not accessible"}', 403, content_type="application/json")


def half(app):
    """Cut every page of records in the middle, as a proxy may; its Content-Length fits what is left."""
    return _changed(app, lambda body, response: response.set_data(body[: len(body) // 2]))


def html(_app):
    """Answer every request with a page for people."""
    return Response(LOGIN, content_type="text/html; charset=utf-8")


def looping(app):
    """Answer each path with what it answered first: with the same records, and the same next page."""
    first = {}

    def middleware(environ, start_response):
        path = environ["PATH_INFO"]
        if path not in first:
            body, status, headers = run_wsgi_app(app, environ, buffered=True)
            first[path] = Response(b"".join(body), status, headers)
        return first[path](environ, start_response)

    return middleware


def _changed(app, change):
    def middleware(environ, start_response):
        body, status, headers = run_wsgi_app(app, environ, buffered=True)
        response = Response(b"".join(body), status, headers)
        change(response.get_data(), response)
        return response(environ, start_response)

    return middleware
