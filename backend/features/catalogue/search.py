"""What a customer types into the search field, as a query for the catalogue's index."""

from __future__ import annotations

import re

_WORD = re.compile(r"[^\W_]+")
_MOST_WORDS = 8


def prefix_query(text: str) -> str:
    """The words as the beginnings of words that must all occur: `win candle` -> `win:* & candle:*`, '' without a word.

    Letters and digits alone get through, so nothing that is typed can break PostgreSQL's query syntax.
    """
    words = _WORD.findall(text)[:_MOST_WORDS]
    return " & ".join(f"{word}:*" for word in words)
