"""Measures the shop against its targets: `python -m tools.bench`. What each row means: docs/performance.md."""
