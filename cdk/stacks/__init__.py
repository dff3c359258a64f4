"""What an environment is made of: each stack reads as a list of what it owns."""
