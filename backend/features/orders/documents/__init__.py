"""What a customer takes away: the ticket's QR code, the order's PDF, the calendar file.

From an order that was read already: nothing here asks the database.
"""
