"""What the shop writes to its customers: from a domain event to a letter.

How a letter travels is backend.messaging's.
"""
