"""A YAML file as plain values, with the line that each of them stands on.

Scalars are read as YAML 1.2 does: true and false are the only truth values, NO is Norway, dates stay text. Keys that
stand twice and aliases are refused: the first lose data in silence, the second can make a small file endless.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

Place = tuple[int | str, ...]
"""The way to a value: ("events", 0, "name")."""


class YamlFileError(Exception):
    """A file that cannot be read; its text names the file and the line."""


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc] # libyaml's where it is there
    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - replaces the base class's


for _tag, _pattern, _first in (
    ("null", r"null|~|", [*"n~", ""]),
    ("bool", r"true|false", [*"tf"]),
    ("int", r"[-+]?(?:0|[1-9][0-9]*)", [*"-+0123456789"]),  # 007 is no number, and no octal one
    ("float", r"[-+]?[0-9]+\.[0-9]+", [*"-+0123456789"]),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"^(?:{_pattern})$"), _first)


class YamlFile:
    """values: what the file holds. line: where a place in it begins."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lines: dict[Place, int] = {}
        self._known: set[int] = set()
        self.values = self._read()

    def line(self, place: Place) -> int:
        """The line of that value, or of the nearest one around it."""
        while place not in self._lines:
            place = place[:-1]
        return self._lines[place]

    def _read(self) -> Any:
        loader = None
        try:
            loader = _Loader(self._path.read_text(encoding="utf-8-sig"))
            node = loader.get_single_node()
            self._lines[()] = 1
            return None if node is None else self._value(loader, node, ())
        except OSError as error:
            raise YamlFileError(f"{self._path}: {error.strerror}") from None
        except UnicodeDecodeError:
            raise YamlFileError(f"{self._path}: not UTF-8 text") from None
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 1
            raise YamlFileError(f"{self._path}:{line}: {error.problem}") from None
        except yaml.YAMLError as error:
            raise YamlFileError(f"{self._path}: {error}") from None
        finally:
            if loader is not None:
                loader.dispose()

    def _value(self, loader: Any, node: yaml.Node, place: Place) -> Any:
        self._lines[place] = node.start_mark.line + 1
        if id(node) in self._known:
            raise self._refused(node, "aliases are not supported: write the value out")
        self._known.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            return [self._value(loader, item, (*place, number)) for number, item in enumerate(node.value)]
        if isinstance(node, yaml.MappingNode):
            return self._mapping(loader, node, place)
        return loader.construct_object(node)

    def _mapping(self, loader: Any, node: yaml.MappingNode, place: Place) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key, item in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise self._refused(key, "a key must be a word")
            if key.value in values:
                raise self._refused(key, f"{key.value!r} stands there twice")
            values[key.value] = self._value(loader, item, (*place, key.value))
            self._lines[(*place, key.value)] = key.start_mark.line + 1
        return values

    def _refused(self, node: yaml.Node, why: str) -> YamlFileError:
        return YamlFileError(f"{self._path}:{node.start_mark.line + 1}: {why}")
