"""Publish: what is measured, over HTTP: the API, the metrics, the pages.

`app` puts one Flask application together, `api` reads and `intake` writes, `exporter` speaks to Prometheus.
"""
