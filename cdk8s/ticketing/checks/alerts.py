"""Something is looked for, and what is found reaches somebody."""

from __future__ import annotations

from collections.abc import Iterator

from ticketing.checks.objects import Body, Objects, called


def receivers(objects: Objects) -> Iterator[str]:
    """Each route ends at a receiver that is there: one bad name, and the operator leaves all of them out."""
    for config in objects.of("AlertmanagerConfig"):
        there = {receiver["name"] for receiver in config["spec"]["receivers"]}
        for name in sorted(set(_ends(config["spec"]["route"])) - there):
            yield f"{called(config)}: sends to {name}, which is no receiver of its"


def rules(objects: Objects) -> Iterator[str]:
    """Every group of rules has some."""
    for each in objects.of("PrometheusRule"):
        groups = each["spec"].get("groups", [])
        if not groups or not all(group.get("rules") for group in groups):
            yield f"{called(each)}: has no rules"


def _ends(route: Body) -> Iterator[str]:
    """Where it leads to, with all the routes below it."""
    if "receiver" in route:
        yield route["receiver"]
    for each in route.get("routes", []):
        yield from _ends(each)
