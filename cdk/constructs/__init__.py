"""Parts of a stack, each made of what it is told by keyword.

A part may be told some settings, never a whole environment or another stack, so that it can stand anywhere.
"""
