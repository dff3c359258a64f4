"""Load tests: k6 drives a shop, and its figures become a verdict (`make load`) or a report (`make load-report`).

The scenarios themselves are in loadtests.
"""
