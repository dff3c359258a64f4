"""Baskets and holds: who has which tickets for how long, and the invariants that stock must keep.

What is paid for them is nobody's business here.
"""
