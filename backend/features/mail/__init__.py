"""What the shop writes to its customers."""
