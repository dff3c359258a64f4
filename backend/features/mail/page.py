"""A letter as plain text and as HTML."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from html import escape
from importlib.resources import files
from itertools import groupby
from string import Template
from typing import Final

from backend.domain.orders import EventView, TicketView
from backend.features.mail.letters import Letter
from backend.features.mail.words import day_and_time, one_line, ticket_lines

_PAGE: Final = Template((files(__package__) / "letter.html").read_text(encoding="utf-8"))
_SOFT: Final = ' class="soft"'


def as_text(letter: Letter, link: str, foot: str) -> str:
    """Paragraphs of at most 72 columns; the link has a line to itself, so that mail programs recognise it."""
    tickets = [f"{_heading(event)}\n" + "\n".join(f"- {line}" for line in lines) for event, lines in _programme(letter)]
    paragraphs = [letter.title, *letter.opening]
    after = [f"{letter.action}:\n{link}", *map(_wrapped, letter.closing), f"-- \n{foot}"]
    return "\n\n".join([*map(_wrapped, paragraphs), *tickets, *after]) + "\n"


def as_html(letter: Letter, link: str, foot: str) -> str:
    """One narrow column that reads well on a phone, in light and dark; nothing is fetched from elsewhere."""
    return _PAGE.substitute(
        subject=escape(letter.subject),
        title=escape(letter.title),
        opening=_paragraphs(letter.opening),
        tickets="\n".join(_event(event, lines) for event, lines in _programme(letter)),
        link=escape(link),
        action=escape(letter.action),
        closing=_paragraphs(letter.closing, _SOFT),
        foot=escape(foot),
    )


def _programme(letter: Letter) -> Iterator[tuple[EventView, list[str]]]:
    """Each event with a line for each kind of its tickets."""
    in_order: list[TicketView] = sorted(letter.tickets, key=lambda it: (it.event.starts_at, it.event.id))
    for event, tickets in groupby(in_order, key=lambda ticket: ticket.event):
        yield event, ticket_lines(list(tickets))


def _heading(event: EventView) -> str:
    return "\n".join([one_line(event.name), day_and_time(event.local_start), _place(event)])


def _place(event: EventView) -> str:
    return f"{one_line(event.venue)}, {one_line(event.city)}"


def _wrapped(paragraph: str) -> str:
    return textwrap.fill(paragraph, 72, break_long_words=False, break_on_hyphens=False)


def _paragraphs(texts: Iterable[str], attributes: str = "") -> str:
    return "\n".join(f'    <p{attributes} style="margin: 0 0 16px">{escape(text)}</p>' for text in texts)


def _event(event: EventView, lines: Iterable[str]) -> str:
    items = "<br>\n      ".join(escape(line) for line in lines)
    return f"""    <div class="line" style="margin: 24px 0 0; padding: 16px 0 0">
      <strong style="font-size: 20px; line-height: 28px; font-weight: 650">{escape(one_line(event.name))}</strong><br>
      {escape(day_and_time(event.local_start))}<br>
      <span class="soft">{escape(_place(event))}</span>
      <p style="margin: 8px 0 0">{items}</p>
    </div>"""
