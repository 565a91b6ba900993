"""What stands at the root for machines: `/healthz`, `/readyz`, `/metrics`."""

from http import HTTPStatus
from typing import Any

from flask import Response, request
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from ttv import store
from ttv.publish import answers
from ttv.publish.exporter import Exporter
from ttv.publish.problems import BODY, Problem

_HEALTH = Tag(name="health", description="For orchestrators and Prometheus.")
_PAGE = {"description": "Prometheus' text format, or OpenMetrics by Accept.", "content": {"text/plain": {}}}


def blueprint(engine: Engine, exporter: Exporter) -> APIBlueprint:
    """Make the blueprint of the addresses at the root."""
    api = APIBlueprint("health", __name__, abp_tags=[_HEALTH], abp_responses={"400": BODY})

    @api.get("/healthz", responses={200: answers.Alive}, security=[{}])
    def healthz() -> Any:
        """Say that the process is alive."""
        return {"status": "ok"}

    @api.get("/readyz", responses={200: answers.Alive, 503: BODY}, security=[{}])
    def readyz() -> Any:
        """Say that the database can be reached and has the schema of this program, or what is wrong."""
        try:
            faults = store.faults(engine)
        except SQLAlchemyError as error:
            faults = [f"the database does not answer ({type(error).__name__}); the log of the server says why"]
        if faults:
            raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, "; ".join(faults))
        return {"status": "ok"}

    @api.get("/metrics", responses={200: _PAGE, 401: BODY})
    def metrics() -> Any:
        """Show every metric."""
        squeezed = request.accept_encodings.find("gzip") >= 0
        page, content_type = exporter.page(request.headers.get("Accept", ""), squeezed=squeezed)
        answer = Response(page, content_type=content_type, headers={"Vary": "Accept, Accept-Encoding"})
        if squeezed:
            answer.content_encoding = "gzip"
        return answer

    return api
