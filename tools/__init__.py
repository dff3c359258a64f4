"""What make runs: setting up, the local shop, checking, deploying, going back, and looking after dependencies.

A module is a command (`python -m tools.NAME`) or what several of them share; nothing of the service imports it.
"""
