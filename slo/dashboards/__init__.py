"""Grafana dashboards, one module each, from the promise's numbers; panels.py is what they are made of.

What they ask for is recorded by the rules, or counted by the service: a test compares the names.
"""
