"""What stands in for modules that Rasa imports but this assistant never uses.

Rasa 3.6 imports TensorFlow, a dozen chat platforms' SDKs and three message brokers as soon as it starts. Our pipeline
uses none of them, and they are most of Rasa's start-up time, memory and disk. `install()` puts a finder in front of
Python's own: a module of the table below is not loaded; whatever is taken from it is a class that may be named, listed
and compared, and that raises `StoodIn` as soon as somebody wants to do anything with it.

Where the optional extra `stock` is installed (a trainer who wants Rasa's own classifiers), a module whose package is
there is loaded as usual: nothing is stood in for.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import sys
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any, NoReturn


@dataclass(frozen=True)
class Reason:
    """Why a module is stood in for; `needs`: the package whose presence brings the real module back; `serving_only`:
    the real module is there, and used by Rasa's command line (training, testing, `rasa shell`), never by our server."""

    why: str
    needs: str | None = None
    serving_only: bool = False


_TENSORFLOW = "its classes are TensorFlow's; our own classifier and RulePolicy use none of them"
_PLATFORM = "a chat platform that we do not serve; our only way in is nlu/channel.py"
_STORE = "an event broker or tracker store that we do not use; ours is nlu/tracker.py"
_FEATURES = "a part of Rasa's own pipelines; our classifier is one component that reads the words itself"

TABLE: dict[str, Reason] = {
    # TensorFlow, and the modules of Rasa that are made of it
    "tensorflow": Reason("half of Rasa's start-up, 850 MB of disk, 300 MB of memory", "tensorflow"),
    "tensorflow_hub": Reason("only ConveRT's weights come that way", "tensorflow_hub"),
    "tensorflow_text": Reason("only ConveRT's weights need it", "tensorflow_text"),
    "keras": Reason("a part of TensorFlow", "keras"),
    "rasa.core.policies.ted_policy": Reason(_TENSORFLOW, "tensorflow"),
    "rasa.core.policies.unexpected_intent_policy": Reason(_TENSORFLOW, "tensorflow"),
    "rasa.nlu.classifiers.diet_classifier": Reason(_TENSORFLOW, "tensorflow"),
    "rasa.nlu.featurizers.dense_featurizer.convert_featurizer": Reason(_TENSORFLOW, "tensorflow"),
    "rasa.nlu.featurizers.dense_featurizer.lm_featurizer": Reason(_TENSORFLOW, "tensorflow"),
    "rasa.nlu.selectors.response_selector": Reason(_TENSORFLOW, "tensorflow"),
    "rasa.utils.tensorflow.callback": Reason(_TENSORFLOW, "tensorflow"),
    "rasa.utils.tensorflow.data_generator": Reason(_TENSORFLOW, "tensorflow"),
    "rasa.utils.tensorflow.layers": Reason(_TENSORFLOW, "tensorflow"),
    "rasa.utils.tensorflow.model_data": Reason(_TENSORFLOW, "tensorflow"),
    "rasa.utils.tensorflow.model_data_utils": Reason(_TENSORFLOW, "tensorflow"),
    "rasa.utils.tensorflow.models": Reason(_TENSORFLOW, "tensorflow"),
    "rasa.utils.tensorflow.rasa_layers": Reason(_TENSORFLOW, "tensorflow"),
    "rasa.utils.train_utils": Reason(_TENSORFLOW, "tensorflow"),
    # the chat platforms' SDKs, and the channels of Rasa that are made of them
    "rasa.core.channels.botframework": Reason(_PLATFORM, serving_only=True),
    "rasa.core.channels.callback": Reason(_PLATFORM, serving_only=True),
    "rasa.core.channels.facebook": Reason(_PLATFORM, "fbmessenger"),
    "rasa.core.channels.hangouts": Reason(_PLATFORM, serving_only=True),
    "rasa.core.channels.mattermost": Reason(_PLATFORM, "mattermostwrapper"),
    "rasa.core.channels.rasa_chat": Reason(_PLATFORM, serving_only=True),
    "rasa.core.channels.rocketchat": Reason(_PLATFORM, "rocketchat_API"),
    "rasa.core.channels.slack": Reason(_PLATFORM, "slack_sdk"),
    "rasa.core.channels.socketio": Reason(_PLATFORM, serving_only=True),
    "rasa.core.channels.telegram": Reason("verifies nothing and drops taps; Telegram is bot/'s", "aiogram"),
    "rasa.core.channels.twilio": Reason(_PLATFORM, "twilio"),
    "rasa.core.channels.twilio_voice": Reason(_PLATFORM, "twilio"),
    "rasa.core.channels.webexteams": Reason(_PLATFORM, "webexteamssdk"),
    "rasa.core.channels.console": Reason("`rasa shell` reads the keyboard, a server does not", serving_only=True),
    "rasa.core.channels.rest": Reason("has no authentication; `rasa shell` uses it, on loopback", serving_only=True),
    # brokers and stores that tracker_store.py names at its top
    "aio_pika": Reason(_STORE, "aio_pika"),
    "aiormq": Reason(_STORE, "aiormq"),
    "boto3": Reason(_STORE, "boto3"),
    "botocore": Reason(_STORE, "botocore"),
    "confluent_kafka": Reason(_STORE, "confluent_kafka"),
    "pymongo": Reason(_STORE, "pymongo"),
    # installed, but of no use to a server: 1.2 s and 50 MB
    "matplotlib": Reason("`rasa test` draws with it, a server draws nothing", serving_only=True),
    "networkx": Reason("`rasa visualize` draws with it", serving_only=True),
    "prompt_toolkit": Reason("reads the keyboard", serving_only=True),
    "questionary": Reason("asks at the keyboard", serving_only=True),
    "randomname": Reason("names models that are given no name", serving_only=True),
    "rasa.core.exporter": Reason("`rasa export` only", serving_only=True),
    "rasa.core.http_interpreter": Reason("asks another server to understand; ours understands", serving_only=True),
    "rasa.core.jobs": Reason("Rasa's own reminders; the app's outbox sends ours", serving_only=True),
    "rasa.nlu.classifiers.logistic_regression_classifier": Reason(_FEATURES, "tensorflow", serving_only=True),
    "rasa.nlu.classifiers.sklearn_intent_classifier": Reason(_FEATURES, "tensorflow", serving_only=True),
    "rasa.nlu.extractors.crf_entity_extractor": Reason(_FEATURES, "tensorflow", serving_only=True),
    "rasa.nlu.extractors.duckling_entity_extractor": Reason(_FEATURES, "tensorflow", serving_only=True),
    "rasa.nlu.featurizers.sparse_featurizer.count_vectors_featurizer": Reason(
        _FEATURES, "tensorflow", serving_only=True
    ),
    "sentry_sdk": Reason("reports errors to Rasa's makers: never", serving_only=True),
    "structlog_sentry": Reason("reports errors to Rasa's makers: never", serving_only=True),
}


class StoodIn(ImportError):
    """A module that this assistant leaves out was used: the message says which, and how to have it."""


def _refuse(used: type) -> NoReturn:
    """Say what was used, why it is not there, and what to do. Raises `StoodIn`."""
    thing = used.__qualname__
    module = next(kind.__module__ for kind in used.__mro__ if _entry(kind.__module__))  # it or what it is made from
    reason = TABLE[_entry(module) or ""]
    remedy = (
        "Install the extra `stock` of nlu/pyproject.toml to have the real one."
        if reason.needs
        else "Our server has no use for it; `python -m nlu.launcher rasa …` has the real one."
    )
    raise StoodIn(f"{thing} was used, but {module} is only stood in for: {reason.why}. {remedy}")


class _Kind(type):
    """The class of stand-in classes. It answers `name()`, which Rasa's list of channels asks of each at import."""

    def __call__(cls, *_: Any, **__: Any) -> Any:
        _refuse(cls)

    def __getitem__(cls, _: Any) -> Any:
        _refuse(cls)

    def __iter__(cls) -> Any:
        _refuse(cls)

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):  # Python's own questions: is it abstract, can it be copied …
            raise AttributeError(name)
        return _made(f"{cls.__qualname__}.{name}", cls.__module__)

    def name(cls) -> str:
        return f"{cls.__module__}.{cls.__qualname__}"


def _made(name: str, module: str) -> _Kind:
    """A stand-in class. It is an exception, since `except (pymongo.errors.ConnectionFailure, …)` must stay legal."""
    return _Kind(name, (Exception,), {"__module__": module, "__qualname__": name})


class _Module(ModuleType):
    """A module whose every public name is a stand-in class, made when first asked for."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        setattr(self, name, _made(name, self.__name__))
        return self.__dict__[name]


def _entry(module: str) -> str | None:
    """The table's key that covers a module: itself or a package above it."""
    while module and module not in TABLE:
        module = module.rpartition(".")[0]
    return module or None


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds stand-ins for the modules that `covers` says yes to."""

    def __init__(self, covers: Callable[[str], bool]) -> None:
        self._covers = covers

    def find_spec(self, fullname: str, *_: Any) -> importlib.machinery.ModuleSpec | None:
        if not self._covers(fullname):
            return None
        return importlib.machinery.ModuleSpec(fullname, self, is_package=True)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        return _Module(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Nothing to run."""


def installed(package: str) -> bool:
    """Whether the real package is in this environment; a stand-in for it does not count."""
    return importlib.machinery.PathFinder.find_spec(package) is not None


def absent(*, serving: bool) -> set[str]:
    """The keys of the table that are stood in for, in this environment, for a server or for the command line."""
    return {
        name
        for name, reason in TABLE.items()
        if (serving or not reason.serving_only) and not (reason.needs and installed(reason.needs))
    }


def install(*, serving: bool) -> set[str]:
    """Stand in for what is not there and, in a server, for what it never uses. Before Rasa is first imported.

    Returns the modules stood in for. A second call changes nothing.
    """
    for finder in sys.meta_path:
        if isinstance(finder, _Finder):
            return finder.names  # type: ignore[attr-defined]
    names = absent(serving=serving)
    finder = _Finder(lambda module: _entry(module) in names)
    finder.names = names  # type: ignore[attr-defined]
    sys.meta_path.insert(0, finder)
    return names
