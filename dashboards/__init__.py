"""Grafana's dashboards and alert rules as code: what they ask of Prometheus, and why.

Knows the names of ttv's metrics and nothing else of it. `python -m dashboards` writes what is beside this file.
"""
