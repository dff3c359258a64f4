"""Recording rules and alerts for Prometheus: a module for each subject, and document, which puts them together.

Every number in them follows from slo.yaml.
"""
