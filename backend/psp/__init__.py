"""The test payment provider: a service of its own, which behaves like a real one and moves no money.

It shares a few values of the domain with the shop, no table, and is refused in production.
"""
