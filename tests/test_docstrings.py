"""Docstrings of public names say what numpydoc asks for."""

import importlib
import inspect
import pydoc
import re
from pathlib import Path

import pytest

API = (Path(__file__).parents[1] / "docs" / "api.md").read_text(encoding="utf-8")
# What numpydoc would have and this project leaves out, and why.
IGNORED = {
    "ES01": "a second paragraph is written where there is something to add",
    "SA01": "the API page lists neighbours; See Also is for what one would look for instead",
    "RT02": "a returned value has a name, as in scikit-learn, though it is the only one",
}
IGNORED_IN_METHODS = IGNORED | {"EX01": "the example of the class shows its methods"}


def public_names():
    """Dotted names of functions and classes in docs/api.md, and of their methods."""
    sections = re.findall(
        r"currentmodule:: (\S+)\n\.\. autosummary::\n(?:   :.*\n)+\n((?:   \w+\n)+)", API
    )
    for module, names in sections:
        for name in names.split():
            public = getattr(importlib.import_module(module), name)
            yield f"{module}.{name}", IGNORED
            if inspect.isclass(public):
                for method, value in vars(public).items():
                    is_method = inspect.isroutine(value) or isinstance(value, classmethod)
                    if is_method and not method.startswith("_"):
                        yield f"{module}.{name}.{method}", IGNORED_IN_METHODS


@pytest.mark.parametrize(
    ("name", "ignored"), [pytest.param(*pair, id=pair[0]) for pair in public_names()]
)
def test_a_docstring_is_complete(name, ignored):
    validate = pytest.importorskip("numpydoc.validate").validate
    errors = [error for error in validate(name)["errors"] if error[0] not in ignored]
    assert not errors


# Metadata routing is scikit-learn's, and the defaults of a configuration are another class's.
OF_OTHERS = re.compile(r"\.set_\w+_request$|\.TrainingConfig$")


own_names = pytest.mark.parametrize(
    "name", [name for name, _ in public_names() if not OF_OTHERS.search(name)]
)


def documented_kinds(public):
    """What a docstring says after the colon of each parameter."""
    numpydoc = pytest.importorskip("numpydoc.validate")
    documented = numpydoc.Validator(numpydoc.get_doc_object(public)).doc_parameters
    return {
        each.strip(): kind
        for names, (kind, _) in documented.items()
        for each in names.split(",")
    }


@own_names
def test_a_docstring_says_what_may_be_left_out(name):
    public = pydoc.locate(name)
    kinds = documented_kinds(public)
    optional = {
        parameter.name
        for parameter in inspect.signature(public).parameters.values()
        if parameter.default is not parameter.empty
    }
    assert {each for each, kind in kinds.items() if "default=" in kind} == optional


def words(text):
    return set(re.findall(r"['\"](\w+)['\"]", text))


@own_names
def test_a_signature_has_types_and_names_the_values_that_its_docstring_names(name):
    public = pydoc.locate(name)
    kinds = documented_kinds(public)
    signature = inspect.signature(public)
    for parameter in signature.parameters.values():
        if parameter.name == "self":
            continue
        assert parameter.annotation is not parameter.empty
        if named := re.search(r"Literal\[(.*?)\]", str(parameter.annotation)):
            kind, _, _ = kinds[parameter.name].partition("default=")
            assert words(named[1]) == words(kind)
    if inspect.isclass(public):
        methods = [getattr(public, "forward", None)]  # inherited by classifiers
        for name, value in vars(public).items():
            if isinstance(value, property) and not name.startswith("_"):
                methods.append(value.fget)
        for method in filter(None, methods):
            assert "return" in method.__annotations__
    else:
        assert signature.return_annotation is not signature.empty
