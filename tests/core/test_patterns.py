"""Patterns for paths: what each stands for, and what not."""

import pytest

from mha.core.model import patterns

STANDS_FOR = [
    ("objects/**", ["objects/a.yaml", "objects/a/b.yaml"], ["objects", "a/objects/b.yaml", "objectsx/a"]),
    ("**/*.yaml", ["a.yaml", "a/b.yaml", "a/b/c.yaml"], ["a.yml", "a.yaml/b"]),
    ("*.yaml", ["a.yaml", ".yaml"], ["a/b.yaml", "a.yaml.bak"]),
    ("a?c/b", ["abc/b"], ["ac/b", "a/c/b", "abbc/b"]),
    ("a/**/b", ["a/b", "a/x/b", "a/x/y/b"], ["a/xb", "ab"]),
    ("a.b[1]+", ["a.b[1]+"], ["axb[1]+", "a.b1"]),
    ("config/{org}/org.yaml", ["config/acme/org.yaml"], ["config/a/b/org.yaml", "config//org.yaml"]),
    ("{Upper}", ["{Upper}"], ["x"]),
    ("**/*a/**/?{b}", ["a/xy", "x/ya/z/bc", "a/b/a/cd"], ["a/x", "b/xy", "a//xy", "/a/xy"]),
    ("**a*/**", ["a/", "x/a/y", "x/ab/"], ["a", "b/c", ""]),
]


@pytest.mark.parametrize(("pattern", "yes", "no"), STANDS_FOR)
def test_a_pattern_stands_for_these_paths_and_for_no_other(pattern, yes, no):
    found = {path: patterns.matches([pattern], path) for path in [*yes, *no]}

    assert found == {**dict.fromkeys(yes, True), **dict.fromkeys(no, False)}


def test_words_in_braces_say_which_part_of_the_path_they_stand_for():
    pattern = "config/{org}/**/{team}.yaml"

    assert patterns.words(pattern, "config/acme/x/y/net.yaml") == {"org": "acme", "team": "net"}
    assert patterns.words(pattern, "config/acme/x/y/net.yml") is None


MANY = [
    ("*a" * 20 + "b", "a" * 250, None),
    ("**/" * 20 + "b", "a/" * 250 + "c", None),
    ("*" * 12 + "?" * 100 + "/{a}b,***", "?" * 110 + "/cb,d", {"a": "c"}),
    ("**/*a/" * 12 + "{x}{y}/**/?{z}.yaml", "ba/" * 40 + "lmn/o/pq.yaml", {"x": "lm", "y": "n", "z": "q"}),
]


@pytest.mark.parametrize(("pattern", "path", "found"), MANY)
def test_many_wildcards_take_no_time(pattern, path, found):
    assert patterns.words(pattern, path) == found
