"""Rules and value objects without any I/O, and the contracts by which features ask each other.

Nothing here imports another layer, waits, or knows HTTP and SQL.
"""
