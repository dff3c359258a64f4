"""Events: how they come into the shop, how customers find them, what their posters look like.

What is for sale and how much of it is left is answered here; taking any of it is inventory's.
"""
