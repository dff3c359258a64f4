"""Parts of a stack, each made of what it is told by keyword."""
