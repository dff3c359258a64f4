"""Checkout, orders after it, and giving tickets back.

From a basket to an order with its tickets; the money goes by way of a contract.
"""
