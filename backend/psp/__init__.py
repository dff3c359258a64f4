"""The test payment provider: a service of its own, which behaves like a real one and moves no money.

It shares nothing with the shop but how messages are signed, and is refused in production.
"""
