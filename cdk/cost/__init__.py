"""What an environment costs: `python -m cdk.cost` writes docs/cost.md from the settings and prices.csv.

Prices have their source and date beside them; what cannot be known is named, not guessed.
"""
