"""The page of the API at `/docs`; its scripts come along, nothing is loaded from elsewhere."""

from importlib.resources import files

from flask import Blueprint, Response

_SCRIPTS = str(files("flask_openapi3_swagger") / "templates" / "swagger")

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>ttv: the API</title>
<link rel="icon" href="/docs/ui/images/swagger.svg">
<link rel="stylesheet" href="/docs/ui/css/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<script src="/docs/ui/js/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
"""

_START = """window.ui = SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  validatorUrl: null,
  presets: [SwaggerUIBundle.presets.apis],
});
"""


def blueprint() -> Blueprint:
    """Make the blueprint of the API's page."""
    docs = Blueprint("docs", __name__, url_prefix="/docs", static_folder=_SCRIPTS, static_url_path="/ui")

    @docs.get("", strict_slashes=False)
    def page() -> Response:
        return Response(_PAGE, mimetype="text/html")

    @docs.get("/start.js")
    def start() -> Response:
        return Response(_START, mimetype="text/javascript")

    return docs
