"""Payment providers, what they report, and settling it: whatever they do ends in tickets or a refund.

A provider is one module that keeps the contract of backend.domain.payments.
"""
