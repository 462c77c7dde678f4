"""YAML files of users: strict models, and errors that name file, line, key and the nearest key."""

from __future__ import annotations

__all__ = ["Strict", "YamlFile", "read_value", "read_yaml", "validate"]

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from neurobridge.errors import FileFormatError, NeurobridgeError, suggest

Model = TypeVar("Model", bound=BaseModel)
Location = Sequence[str | int]


class Strict(BaseModel):
    """Base of all models of files: unknown keys are errors, and nothing is converted."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class _Loader(yaml.SafeLoader):
    """YAML 1.2's scalars: ``1e-3`` is a number, and ``on``, ``no``, ``yes`` are text."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, regex) for tag, regex in resolvers if not tag.endswith(":bool")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile(r"(?:true|True|TRUE|false|False|FALSE)\Z"), list("tTfF")
)
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"[-+]?[0-9]+[eE][-+]?[0-9]+\Z"), list("-+0123456789")
)


def read_value(text: str) -> Any:
    """One value as a file would have it: a number, a list, a text; a text if it is not YAML."""
    try:
        return yaml.load(text, Loader=_Loader)
    except yaml.YAMLError:
        return text


@dataclass(frozen=True)
class YamlFile:
    """What a file says, and on which line.

    Parameters
    ----------
    source : str
        Name for messages.
    data : dict
    tree : yaml.Node or None
        None if the data came from Python.
    """

    source: str
    data: dict[str, Any]
    tree: yaml.Node | None

    def line(self, location: Location) -> int | None:
        """Line of the key at a location, or of the nearest thing around it, counted from 1."""
        if self.tree is None:
            return None
        node, line = self.tree, self.tree.start_mark.line
        for part in location:
            if isinstance(node, yaml.MappingNode):
                found = next(((k, v) for k, v in node.value if k.value == str(part)), None)
                if found is None:
                    break
                line, node = found[0].start_mark.line, found[1]
            elif isinstance(node, yaml.SequenceNode) and isinstance(part, int):
                node = node.value[part]
                line = node.start_mark.line
            else:
                break
        return line + 1

    def place(self, location: Location) -> str:
        """Source and line of a location, e.g. ``"worm.yaml, line 12"``."""
        line = self.line(location)
        return self.source if line is None else f"{self.source}, line {line}"


def read_yaml(path: Path, expected: str, error: type[NeurobridgeError]) -> YamlFile:
    """Read a file that holds one mapping.

    Parameters
    ----------
    path : Path
    expected : str
        First keys, for the message: ``"'dataset:', 'edges:' ..."``.
    error : type
        Class of the error for what is YAML, but not what was expected.

    Raises
    ------
    FileFormatError
        If the file does not exist or is not YAML.
    NeurobridgeError
        Of class ``error``, if it holds no mapping, or a key twice.
    """
    try:
        text = path.read_text(encoding="utf-8")
        tree = yaml.compose(text, Loader=_Loader)
        data = yaml.load(text, Loader=_Loader)
    except yaml.MarkedYAMLError as err:
        line = 0 if err.problem_mark is None else err.problem_mark.line + 1
        raise FileFormatError(
            f"{path.name}, line {line}: cannot be read as YAML: {err.problem}"
        ) from err
    except (OSError, yaml.YAMLError, UnicodeDecodeError) as err:
        raise FileFormatError(f"{path.name} cannot be read: {err}") from err
    if not isinstance(data, dict):
        raise error(f"{path.name}: expected {expected}, got {_short(data)}")
    for key, first, second in _duplicates(tree):
        raise error(
            f"{path.name}, line {second}: key {key!r} stands here for the second time, after line "
            f"{first}; keep one of them"
        )
    return YamlFile(path.name, data, tree)


def validate(model: type[Model], file: YamlFile, what: str, error: type[NeurobridgeError]) -> Model:
    """The data of a file as a model.

    Parameters
    ----------
    model : subclass of pydantic.BaseModel
    file : YamlFile
    what : str
        What the file is, for the first line of the message: ``"the column mapping"``.
    error : type
        Class of the error.

    Raises
    ------
    NeurobridgeError
        Of class ``error``. It lists every key that is unknown (with the nearest known one) or
        missing and every value of a wrong kind, each with its line.
    """
    try:
        return model.model_validate(file.data)
    except ValidationError as err:
        found = [_explain(model, file, e) for e in err.errors(include_url=False)]
        lines = dict.fromkeys(f"  {text}" for _, text in sorted(found, key=lambda f: f[0]))
        raise error(f"{what} is not valid:\n" + "\n".join(lines)) from None


def _explain(model: type[BaseModel], file: YamlFile, error: Any) -> tuple[int, str]:
    """Line and text of one error of pydantic, in words of ours."""
    at_key = error["type"] in {"extra_forbidden", "missing"}
    parents = error["loc"][:-1] if at_key else error["loc"]
    path, annotation = _follow(model, parents)
    key = str(error["loc"][-1]) if at_key else ""
    location = [*path, key] if at_key else path
    if error["type"] == "union_tag_invalid":
        location = [*path, "kind"]
    text = _message(error, ".".join(map(str, path)), key, annotation)
    return file.line(location) or 0, f"{file.place(location)}: {text}"


def _message(error: Any, path: str, key: str, annotation: Any) -> str:
    kind, context = error["type"], error.get("ctx", {})
    inside = f" in '{re.sub(r'[.][0-9]+', '', path)}'" if path else ""
    if kind == "extra_forbidden":
        return f"unknown key {key!r}{inside}{suggest(key, _keys(annotation))}"
    if kind == "missing":
        return f"missing key {key!r}{inside}"
    if kind == "union_tag_not_found":
        return f"missing key {context['discriminator']}{inside}"
    if kind == "union_tag_invalid":
        known = re.findall(r"'([^']*)'", context["expected_tags"])
        return f"{path}: unknown kind {context['tag']!r}{suggest(context['tag'], known)}"
    if kind == "literal_error":
        known = re.findall(r"'([^']*)'", context["expected"])
        given = error["input"]
        return f"{path}: unknown value {given!r}{suggest(str(given), known)}"
    if kind == "value_error":
        return f"{path}: {str(context['error']).removeprefix(path.rpartition('.')[2] + ': ')}"
    return f"{path}: {error['msg']}, got {_short(error['input'])}"


def _follow(model: type[BaseModel], location: Location) -> tuple[list[str | int], Any]:
    """A location of pydantic without its names of union members, and the type that is there."""
    path: list[str | int] = []
    annotation: Any = model
    for part in location:
        tagged = _tagged(annotation, part)
        if tagged is not None:
            annotation = tagged
            continue
        inner = _inside(annotation, part)
        if inner is None:
            break
        path.append(part)
        annotation = inner
    return path, annotation


def _inside(annotation: Any, part: str | int) -> Any:
    """The type of a part of a value of this type; None if it has no such part."""
    arguments, origin = get_args(annotation), get_origin(annotation)
    if origin is Annotated:
        return _inside(arguments[0], part)
    if origin in (Union, UnionType):
        return next((i for a in arguments if (i := _inside(a, part)) is not None), None)
    if origin is dict and isinstance(part, str):
        return arguments[1]
    if origin in (list, tuple) and isinstance(part, int):
        return arguments[0]
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        field = annotation.model_fields.get(str(part))
        return None if field is None else field.annotation
    return None


def _tagged(annotation: Any, part: str | int) -> Any:
    """The member of a union whose ``kind`` is this part of a location."""
    if get_origin(annotation) is Annotated:
        return _tagged(get_args(annotation)[0], part)
    for member in get_args(annotation):
        fields = getattr(member, "model_fields", {})
        kind = fields["kind"].annotation if "kind" in fields else None
        if get_origin(kind) is Literal and part in get_args(kind):
            return member
    return None


def _keys(annotation: Any) -> list[str]:
    """Keys that a mapping of this type may have."""
    if get_origin(annotation) in (Union, UnionType):
        return [key for member in get_args(annotation) for key in _keys(member)]
    return list(getattr(annotation, "model_fields", {}))


def _duplicates(node: yaml.Node | None) -> Iterator[tuple[str, int, int]]:
    """Keys that a mapping has twice, with both lines."""
    if isinstance(node, yaml.MappingNode):
        seen: dict[str, int] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            if key.value in seen:
                yield key.value, seen[key.value], line
            seen[key.value] = line
            yield from _duplicates(value)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _duplicates(item)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
