"""When Python looks for garbage that reference counting has left behind."""

import gc

_NEW_OBJECTS = 50_000  # Python's own 700 are what a few dozen requests in flight have at any time


def collect_rarely() -> None:
    """Call it once everything is made that lives as long as the process: that is not looked through again.

    Requests leave next to nothing behind, but with Python's own limits a tenth of the time went into looking.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_NEW_OBJECTS)
