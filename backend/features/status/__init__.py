"""How the promise is kept, for people and programs: budgets from Prometheus, and the invariants' last check.

It tells and never decides: alerts are Prometheus's, releases the gate's.
"""
