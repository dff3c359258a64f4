"""Dependencies: what is wrong with them, what they may be used for, and moving them on."""
