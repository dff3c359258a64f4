"""How fast pages felt, as real browsers report it.

Only taken in and counted here; what it is held against stands in slo.yaml.
"""
