"""Measures the shop against its targets: `python -m tools.bench`. What each row means: docs/performance.md.

A row is a ratio to something simple that is measured in the same run.
"""
