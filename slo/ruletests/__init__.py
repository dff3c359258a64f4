"""Tests of the rules for promtool, made from the promise's own numbers.

A world is some hours of a shop's life as series; `expected` works out from slo.yaml when each alert has to fire in it,
in a way of its own, without PromQL. So a target can be changed, and the tests go on testing.
"""
