"""Domain events from the outbox to whoever wants them: at least once, each sink at its own pace.

Also what background work has in common: loops that survive their errors.
"""
