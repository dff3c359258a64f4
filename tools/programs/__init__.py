"""Other people's programs that the shop needs beside it, from wherever this machine can have them."""
