"""Events: how they come into the shop, how customers find them, what their posters look like."""
