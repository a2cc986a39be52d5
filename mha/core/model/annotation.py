"""The schemas of `x-mha`: what a kind may say of itself, and of a text that is a name."""

from typing import Any

_WORD = {"title": "a word of small letters, digits and hyphens", "type": "string", "pattern": "^[a-z][a-z0-9-]*$"}
_SECTION = {**_WORD, "pattern": "^(?:[a-wyz]|x[a-z0-9])[a-z0-9-]*$", "not": {"enum": ["kind", "name"]}}
_TEXT = {"title": "a text", "type": "string", "minLength": 1}
_TARGET = {
    "title": "a name space",
    "type": "object",
    "required": ["space"],
    "properties": {
        "space": _WORD,
        "kinds": {"title": "a list of kinds", "type": "array", "items": _WORD},
        "scope": _WORD,
    },
    "additionalProperties": False,
}
_TARGETS = {"title": "a list of name spaces", "type": "array", "minItems": 1, "items": _TARGET}

TOP: dict[str, Any] = {
    "title": "a kind",
    "type": "object",
    "required": ["kind", "space"],
    "anyOf": [{"required": ["section"]}, {"required": ["files"]}],
    "properties": {
        "kind": _WORD,
        "section": _SECTION,
        "space": _WORD,
        "short": {
            "title": "a short form",
            "type": "object",
            "oneOf": [{"required": ["into"]}, {"required": ["pattern"]}],
            "properties": {"into": _TEXT, "pattern": _TEXT, "example": _TEXT},
            "additionalProperties": False,
        },
        "files": {"title": "a list of patterns of paths", "type": "array", "minItems": 1, "items": _TEXT},
        "ascending": {
            "title": "a list of two fields",
            "type": "array",
            "minItems": 2,
            "maxItems": 2,
            "items": _TEXT,
        },
        "example": {"title": "a list of lines", "type": "array", "items": {"title": "a line", "type": "string"}},
    },
    "additionalProperties": False,
}
MARK: dict[str, Any] = {
    "title": "what is said of a text",
    "type": "object",
    "oneOf": [{"required": [word]} for word in ("refers-to", "mentions", "defines", "secret")],
    "properties": {
        "refers-to": _TARGETS,
        "mentions": _TARGETS,
        "defines": _TARGET,
        "secret": {"title": "true", "const": True},
        "words": {"title": "a list of words", "type": "array", "items": _TEXT},
        "prefix": _TEXT,
    },
    "additionalProperties": False,
}
