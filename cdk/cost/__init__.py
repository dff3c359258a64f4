"""What an environment costs: `python -m cdk.cost` writes docs/cost.md from the settings and prices.csv."""
