"""May this change be released? Asks Prometheus what is left of the budgets; what is not known is never a yes.

measured asks, policy judges, overrides lets single blocks pass, report says it.
"""
