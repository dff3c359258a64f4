"""Waiting rooms: places, their order, and who is let in to a sale when.

The pace is decided in rules, from what every process measures; holding tickets is inventory's.
"""
