"""What the launcher stands in for, each with a reason and a way back."""

from __future__ import annotations

import importlib
import importlib.util
from pathlib import Path

import pytest

from nlu import standins


def test_each_module_stood_in_for_has_a_reason_and_a_way_back():
    for name, reason in standins.TABLE.items():
        assert len(reason.why) > 10, name
        assert reason.needs or reason.serving_only, f"{name} could never be had again"


def test_the_table_names_no_module_that_rasa_does_not_have():
    for name in standins.TABLE:
        if name.startswith("rasa."):
            assert (
                Path(importlib.util.find_spec("rasa").submodule_search_locations[0], *name.split(".")[1:])
                .with_suffix(".py")
                .exists()
            ), name


def test_what_is_stood_in_for_depends_on_what_is_installed_and_on_what_runs():
    training, serving = standins.absent(serving=False), standins.absent(serving=True)
    assert {"tensorflow", "rasa.nlu.classifiers.diet_classifier", "pymongo"} <= training < serving
    assert "matplotlib" in serving  # a server draws nothing
    assert not {"matplotlib", "rasa.core.channels.rest", "questionary"} & training  # `rasa test` and `rasa shell` do
    assert not any(standins.TABLE[name].serving_only for name in training)


def test_with_the_extra_stock_the_real_modules_are_used(monkeypatch):
    monkeypatch.setattr(standins, "installed", lambda package: True)
    assert standins.absent(serving=False) == set()
    serving = standins.absent(serving=True)
    assert all(standins.TABLE[name].serving_only for name in serving)
    assert not [name for name in serving if name.startswith("rasa.nlu.")]  # a stock pipeline can be served


def test_a_stand_in_may_be_named_and_raises_clearly_when_used():
    from rasa.nlu.classifiers.diet_classifier import DIETClassifier

    assert isinstance(DIETClassifier, type)
    assert not isinstance(5, DIETClassifier)

    class Below(DIETClassifier):
        """May be defined, as Rasa's own modules do at import."""

    for use in (DIETClassifier, Below, lambda: DIETClassifier.create({}), lambda: DIETClassifier["x"]):
        with pytest.raises(standins.StoodIn, match=r"diet_classifier.*TensorFlow.*extra `stock`"):
            use()
    with pytest.raises(standins.StoodIn, match=r"pymongo.*Install the extra `stock`"):
        importlib.import_module("pymongo").MongoClient("mongodb://localhost")


def test_an_exception_of_a_stand_in_can_still_be_waited_for():
    errors = importlib.import_module("botocore.exceptions")
    with pytest.raises(ValueError, match="other"):
        try:
            raise ValueError("other")
        except errors.BotoCoreError:
            pytest.fail("not this one")


def test_drawing_is_real_where_rasa_tests_its_models():
    import matplotlib

    assert matplotlib.__file__
