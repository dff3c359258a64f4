"""Dependencies: what is wrong with them, what they may be used for, and moving them on.

What these need stands in an environment of its own, `.tools/care`.
"""
