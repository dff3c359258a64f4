"""What the shop does, a package for each thing, with its routes, rules and SQL beside each other.

They never import each other: what one needs of another is a contract in backend.domain.
"""
