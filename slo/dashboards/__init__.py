"""Grafana dashboards, one module each, from the promise's numbers; panels.py is what they are made of."""
