"""The first line of every generated file that may have comments."""

MADE_BY = "Made by `python -m slo build` from slo.yaml: change that file, then build again."
