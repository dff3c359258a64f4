"""What an environment is made of: each stack reads as a list of what it owns.

Numbers come from the settings, what goes beyond a few lines from constructs.
"""
