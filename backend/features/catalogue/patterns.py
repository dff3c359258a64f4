"""The drawings on posters: each fills a square of 800 with shapes in the poster's colours, by a chance of its own."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random

SIDE = 800


@dataclass(frozen=True, slots=True)
class Palette:
    """ground: behind everything. tone, light: for shapes. accent: the one colour that is the event's own."""

    ground: str
    tone: str
    light: str
    accent: str


Pattern = Callable[[Palette, Random], Iterator[str]]


def moon(colours: Palette, chance: Random) -> Iterator[str]:
    """A disc over a horizon that breaks up into the strips of its reflection."""
    across, radius = 300 + 200 * chance.random(), 190 + 40 * chance.random()
    horizon = 470
    yield _circle(across, horizon - radius * 0.72, radius, colours.accent)
    yield _box(0, horizon, SIDE, SIDE - horizon, colours.tone)
    for strip in range(9):
        width = radius * (1.7 - 0.13 * strip) * (0.55 + 0.6 * chance.random())
        top = horizon + 16 + strip * 33
        left = across - width / 2 + 50 * (chance.random() - 0.5)
        yield _box(left, top, width, 7 + strip * 1.6, colours.accent if strip % 3 else colours.light, radius=8)


def arcs(colours: Palette, chance: Random) -> Iterator[str]:
    """Quarter rings in a grid, turned by chance, that meet in bands and loops."""
    cell = 200
    for row in range(4):
        for column in range(4):
            left, top = column * cell, row * cell
            centre = ((left, top), (left + cell, top), (left + cell, top + cell), (left, top + cell))
            corner = int(chance.random() * 4)
            filled = chance.random()
            ink = colours.accent if filled < 0.2 else colours.light if filled < 0.55 else colours.tone
            for outer, inner in ((cell, cell * 0.66), (cell * 0.33, 0.0)):
                yield _quarter(*centre[corner], outer, inner, corner, ink)


def rays(colours: Palette, chance: Random) -> Iterator[str]:
    """Light from a point at the lower edge."""
    x, y = 250 + 300 * chance.random(), 700.0
    beams = 18
    for beam in range(beams):
        start, end = (math.pi * (1 + (beam + part) / beams) for part in (0.0, 0.5))
        tips = [(x + 1300 * math.cos(angle), y + 1300 * math.sin(angle)) for angle in (start, end)]
        yield _polygon([(x, y), *tips], colours.light if beam % 3 == 1 else colours.tone)
    yield _circle(x, y, 250, colours.ground)
    yield _circle(x, y, 200, colours.accent)


def waves(colours: Palette, chance: Random) -> Iterator[str]:
    """Swells one before the other, the accent riding among them."""
    bright = 2 + int(chance.random() * 3)
    yield _circle(140 + 520 * chance.random(), 190, 92, colours.light)
    for swell in range(7):
        base, height = 250 + swell * 82, 30 + 26 * chance.random()
        phase, length = chance.random() * math.tau, 300 + 220 * chance.random()
        crest = [(x, base + height * math.sin(phase + x / length * math.tau)) for x in range(0, SIDE + 1, 25)]
        ink = colours.accent if swell == bright else (colours.tone, colours.ground)[swell % 2]
        yield _polygon([(0, SIDE), *crest, (SIDE, SIDE)], ink, edge=colours.light)


def pipes(colours: Palette, chance: Random) -> Iterator[str]:
    """A row of columns as of an organ or an equaliser, tall in the middle."""
    count, gap = 13, 12
    width = (SIDE - gap * (count + 1)) / count
    bright = 2 + int(chance.random() * (count - 4))
    for number in range(count):
        swell = 1 - abs(number - (count - 1) / 2) / count
        height = SIDE * (0.25 + 0.6 * swell * (0.55 + 0.45 * chance.random()))
        left = gap + number * (width + gap)
        ink = colours.accent if number == bright else (colours.tone, colours.light)[number % 2]
        yield _box(left, SIDE - height, width, height + 60, ink, radius=width / 2)
        yield _circle(left + width / 2, SIDE - height + width, width / 5, colours.ground)


def quilt(colours: Palette, chance: Random) -> Iterator[str]:
    """Half-squares in a grid, most of them calm, a few in the accent."""
    cell = 160
    for row in range(5):
        for column in range(5):
            left, top = column * cell, row * cell
            corners = [(left, top), (left + cell, top), (left + cell, top + cell), (left, top + cell)]
            turn, filled = int(chance.random() * 4), chance.random()
            del corners[turn]
            ink = colours.accent if filled < 0.18 else colours.light if filled < 0.45 else colours.tone
            if filled < 0.88:
                yield _polygon([(float(x), float(y)) for x, y in corners], ink)


def halftone(colours: Palette, chance: Random) -> Iterator[str]:
    """Dots that swell towards a point and shine there."""
    x, y = 200 + 400 * chance.random(), 200 + 350 * chance.random()
    step = 50
    for row in range(17):
        for column in range(17):
            across, down = column * step + (row % 2) * step / 2, row * step
            near = max(0.0, 1 - math.hypot(across - x, down - y) / 620)
            ink = colours.accent if near > 0.72 else colours.light if near > 0.42 else colours.tone
            yield _circle(across, down, 4 + 21 * near**1.2, ink)


def orbits(colours: Palette, chance: Random) -> Iterator[str]:
    """Rings about a centre off the sheet's own, and what travels on them."""
    x, y = 260 + 280 * chance.random(), 380 + 80 * chance.random()
    for ring in range(7, 0, -1):
        ink = (colours.ground, colours.tone)[ring % 2]
        yield _circle(x, y, ring * 88, ink)
    for ring in range(2, 7):
        angle = chance.random() * math.tau
        place = (x + ring * 88 * math.cos(angle), y + ring * 88 * math.sin(angle))
        yield _circle(*place, 12 + 22 * chance.random(), colours.light)
    yield _circle(x, y, 74, colours.accent)


def leaves(colours: Palette, chance: Random) -> Iterator[str]:
    """Petals across their squares, this way or that."""
    cell = 160
    for row in range(5):
        for column in range(5):
            left, top, right, bottom = column * cell, row * cell, (column + 1) * cell, (row + 1) * cell
            filled = chance.random()
            ink = colours.accent if filled < 0.18 else colours.light if filled < 0.5 else colours.tone
            a, b = ((left, top), (right, bottom)) if (row + column) % 2 else ((right, top), (left, bottom))
            path = f"M{a[0]} {a[1]}A{cell} {cell} 0 0 1 {b[0]} {b[1]}A{cell} {cell} 0 0 1 {a[0]} {a[1]}Z"
            yield f'<path fill="{ink}" d="{path}"/>'


def scales(colours: Palette, chance: Random) -> Iterator[str]:
    """Overlapping fans, row upon row."""
    radius = 100
    for row in range(10):
        for column in range(-1, 5):
            x, y = column * 2 * radius + (row % 2) * radius + radius, row * radius * 0.9 - 40
            ink = colours.accent if chance.random() < 0.13 else colours.tone
            for part, fill in (
                (1.0, colours.light),
                (0.93, ink),
                (0.62, colours.ground),
                (0.55, ink),
                (0.24, colours.light),
            ):
                yield _circle(x, y + radius, radius * part, fill)


PATTERNS: tuple[Pattern, ...] = (moon, waves, rays, pipes, arcs, halftone, quilt, orbits, leaves, scales)


def _circle(x: float, y: float, radius: float, fill: str) -> str:
    return f'<circle cx="{x:.0f}" cy="{y:.0f}" r="{radius:.1f}" fill="{fill}"/>'


def _box(x: float, y: float, width: float, height: float, fill: str, radius: float = 0) -> str:  # noqa: PLR0913, PLR0917 - SVG's own
    rounded = f' rx="{radius:.0f}"' if radius else ""
    return f'<rect x="{x:.0f}" y="{y:.0f}" width="{width:.0f}" height="{height:.0f}"{rounded} fill="{fill}"/>'


def _polygon(points: list[tuple[float, float]], fill: str, edge: str = "") -> str:
    outline = f' stroke="{edge}" stroke-width="3"' if edge else _seam(fill)
    return f'<polygon points="{" ".join(f"{x:.0f},{y:.0f}" for x, y in points)}" fill="{fill}"{outline}/>'


def _quarter(x: float, y: float, outer: float, inner: float, corner: int, fill: str) -> str:  # noqa: PLR0913, PLR0917 - as _box
    """The quarter ring about this corner of a square (0: top left, clockwise), inside the square. inner 0: a disc."""
    right, down = ((1, 1), (-1, 1), (-1, -1), (1, -1))[corner]
    (near_x, near_y), (far_x, far_y) = ((x + right * radius, y + down * radius) for radius in (inner, outer))
    there, back = int(right == down), int(right != down)
    path = (
        f"M{near_x:.0f} {y}H{far_x:.0f}A{outer:.0f} {outer:.0f} 0 0 {there} {x} {far_y:.0f}"
        f"V{near_y:.0f}A{inner:.0f} {inner:.0f} 0 0 {back} {near_x:.0f} {y}Z"
    )
    return f'<path fill="{fill}"{_seam(fill)} d="{path}"/>'


def _seam(fill: str) -> str:
    """Shapes that meet overlap by a pixel of a poster in the list, or a hairline of the ground shines through."""
    return f' stroke="{fill}" stroke-width="3"'
