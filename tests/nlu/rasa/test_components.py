"""The understanding's parts, on the real sentence model and a few of our own examples."""

import json
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

from nlu.components import encoder, training, weights
from nlu.components.encoder import Encoder
from nlu.components.features import Features
from nlu.components.gate import Gate, fit_temperature
from nlu.components.model import Settings
from nlu.components.neighbours import Neighbours
from nlu.components.regression import fit, softmax
from nlu.components.store import ARRAYS, REST, ModelOutdatedError, load, save
from nlu.components.tfidf import Tfidf
from nlu.components.training import NothingToLearnError, load_encoder, train
from nlu.components.weights import WeightsChangedError, WeightsMissingError, find_file
from nlu.measure import read_examples
from tests.nlu.rasa.conftest import LEFT_BY_TRAINING

PROJECT = Path(__file__).resolve().parents[3]
TAUGHT = ("ask_cost", "ask_location", "request_human", "cancel_booking", "greet", "medical_emergency", "out_of_scope")
DANGER = Settings(danger=("medical_emergency",), danger_share=0.45)


@pytest.fixture(scope="module")
def examples():
    return [row for row in read_examples(PROJECT / "nlu" / "examples") if row[1] in TAUGHT]


@pytest.fixture(scope="module")
def model(examples):
    return train(examples, DANGER, Encoder(LEFT_BY_TRAINING))


def test_sentence_vectors_are_of_length_one_and_near_in_meaning():
    vectors = Encoder().encode_all(["how much is it", "what does it cost", "the dog ate my slippers"])
    halves = np.linalg.norm(vectors.reshape(3, 2, -1), axis=2)
    assert np.allclose(halves, 1, atol=1e-5)
    likeness = vectors @ vectors[0] / 2
    assert likeness[1] > 0.5 > likeness[2]


def test_a_sentence_has_the_same_vector_whatever_stands_beside_it():
    reader = Encoder()
    alone = reader.encode("where is it")
    beside = reader.encode_all(["where is it", "a much longer sentence about something else entirely"])[0]
    assert np.array_equal(alone, beside)


def test_another_file_than_the_measured_one_is_refused(monkeypatch):
    package, inside, _ = weights.MODEL
    monkeypatch.setattr(encoder, "MODEL", (package, inside, "0" * 64))
    with pytest.raises(WeightsChangedError, match=r"sha256 8199be6f.*expected 0000"):
        Encoder()
    with pytest.raises(WeightsChangedError):
        load_encoder()  # a changed file is never passed over


def test_missing_weights_leave_words_alone_and_say_so(monkeypatch, examples):
    with pytest.raises(WeightsMissingError, match=r"no_such_package/model\.onnx"):
        find_file(("no_such_package", "model.onnx", "0" * 64))
    monkeypatch.setattr(encoder, "MODEL", ("no_such_package", "model.onnx", "0" * 64))
    with pytest.warns(UserWarning, match="UNDERSTANDING IS WEAKER"):
        assert load_encoder() is None
    plain = train(examples, Settings(copies=0), None)
    assert plain.read("how much does it cost").ranking[0][0] == "ask_cost"


def test_tfidf_rows_have_the_asked_length_and_unknown_words_none():
    known = Tfidf.learn("words", ["where is it", "what is it"], 1)
    columns, values = known.weigh("what is it", 0.5)
    assert np.isclose(np.linalg.norm(values), 0.5)
    assert list(columns) == sorted(columns)
    assert len(known.weigh("zebra", 1.0)[0]) == 0


def test_the_nearest_two_examples_of_each_intent_speak_for_it():
    dense = np.zeros((6, 4), np.float32)
    dense[:, 0], dense[:, 1] = np.sqrt(2) * np.array([0.9, 0.5, 0.7, 0.2, 0.6, 0.6]), 0.1
    nothing = (np.zeros(7, np.int64), np.zeros(0, np.int64), np.zeros(0, np.float32))
    known = Neighbours(Features(dense, *nothing), np.array([0, 0, 0, 1, 2, 2]), 4, 5, 1.0)
    asked = Features(np.array([[np.sqrt(2), 0, 0, 0]], np.float32), np.array([0, 0]), *nothing[1:])
    sentences, words = known.compare(asked, 0)
    assert np.allclose(sentences, [0.9, 0.5, 0.7, 0.2, 0.6, 0.6])
    assert not words.any()
    assert np.allclose(known.vote(sentences), [0.8, 0.2, 0.6, 0.0])


def test_likeness_in_words_is_that_of_the_rows():
    chance = np.random.RandomState(2)
    table = np.where(chance.rand(8, 12) < 0.4, chance.rand(8, 12), 0).astype(np.float32)
    at = [np.flatnonzero(row) for row in table]
    starts = np.cumsum([0, *map(len, at)])
    values = np.concatenate([row[columns] for row, columns in zip(table, at, strict=True)])
    features = Features(np.zeros((8, 4), np.float32), starts, np.concatenate(at), values)
    known = Neighbours(features, np.arange(8) % 3, 3, 12, 0.5)
    for row in range(8):
        assert np.allclose(known.compare(features, row)[1], table @ table[row] / 0.5, atol=1e-5)


def test_regression_finds_the_lowest_place():
    from scipy.sparse import csr_matrix
    from sklearn.linear_model import LogisticRegression

    chance = np.random.RandomState(0)
    dense = chance.normal(size=(300, 6)).astype(np.float32)
    labels = (dense[:, 0] + 0.5 * chance.normal(size=300) > 0).astype(int) + (dense[:, 1] > 1)
    nothing = csr_matrix((300, 1), dtype=np.float32)
    table, bias = fit(dense, nothing, labels, 3, 2.0, 200)
    theirs = LogisticRegression(C=2.0, class_weight="balanced", multi_class="multinomial", tol=1e-8, max_iter=500)
    theirs.fit(dense, labels)
    assert np.allclose(softmax(dense @ table[:-1] + bias), theirs.predict_proba(dense), atol=0.01)


def test_temperature_makes_scores_as_sure_as_they_are_right():
    chance = np.random.RandomState(1)
    labels = chance.randint(0, 3, 3000)
    scores = chance.normal(size=(3000, 3))
    scores[np.arange(3000), labels] += 1.0
    assert fit_temperature(scores * 8, labels) * 8 == pytest.approx(fit_temperature(scores, labels), rel=0.12)


def test_the_gate_opens_on_what_is_sure_near_and_ours():
    gate = Gate(("a", "b", "out_of_scope"), 2.0)
    assert gate.opens(np.array([0.9, 0.05, 0.05]), 0.8)
    assert not gate.opens(np.array([0.4, 0.35, 0.25]), 0.2)
    assert gate.opens(np.array([0.1, 0.1, 0.8]), 0.1)  # surely none of our business: that is an answer
    assert not gate.opens(np.array([0.34, 0.3, 0.36 - 0.02]), 0.1)
    near, far = (gate.score(np.array([0.6, 0.3, 0.1]), nearest) for nearest in (0.9, 0.1))
    assert near > far


def test_messages_are_understood_typos_and_all(model):
    for text, intent in (
        ("how much do i have to pay", "ask_cost"),
        ("how mcuh do i hav to pya", "ask_cost"),
        ("can i talk to a real person", "request_human"),
        ("hes not breathing and his lips are blue", "medical_emergency"),
        ("hello", "greet"),
    ):
        reading = model.read(text)
        assert (reading.ranking[0][0], reading.sure) == (intent, True), text
        assert sum(chance for _, chance in reading.ranking) == pytest.approx(1, abs=1e-4)


def test_nothing_and_noise_are_not_acted_on(model):
    assert model.read("").ranking == []
    assert model.read("   !!! ").sure is False
    reading = model.read("qzxv wjkq pfft zzkx")
    assert not reading.sure or reading.ranking[0][0] == "out_of_scope"


def test_danger_goes_first_where_it_is_likely_enough(model):
    text = "hello can i talk to someone my mate has taken too much and i cant wake him"
    chances = dict(model.read(text).ranking)
    assert chances["medical_emergency"] >= DANGER.danger_share
    assert model.read(text).ranking[0][0] == "medical_emergency"
    assert model.read(text).sure


def test_danger_that_is_only_the_second_guess_still_goes_first(model):
    names = model.names
    chances = np.full(len(names), 0.01)
    chances[names.index("greet")], chances[names.index("medical_emergency")] = 0.5, 0.46
    assert model._danger(chances) == names.index("medical_emergency")
    chances[names.index("medical_emergency")] = 0.4
    assert model._danger(chances) is None


def test_the_same_examples_give_the_same_model(examples):
    first, again = (train(examples[::8], DANGER, Encoder()) for _ in range(2))
    assert np.array_equal(again.weights, first.weights)
    assert (again.temperature, again.gate) == (first.temperature, first.gate)


def test_a_stored_model_reads_as_before(model, tmp_path):
    save(model, tmp_path)
    again = load(tmp_path)
    for text in ("how much is it", "wheres it at", "cancel it", "the moon is made of cheese", "hiya"):
        assert again.read(text) == model.read(text)


def test_what_is_stored_cannot_run(model, tmp_path):
    save(model, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {ARRAYS, REST}
    with np.load(tmp_path / ARRAYS, allow_pickle=False) as arrays:
        assert all(arrays[name].dtype != object for name in arrays.files)
    np.savez(tmp_path / ARRAYS, weights=np.array([print], dtype=object))
    with pytest.raises(ValueError, match="allow_pickle"):
        load(tmp_path)


def test_a_model_of_other_code_or_words_is_refused(model, tmp_path):
    save(model, tmp_path)
    rest = json.loads((tmp_path / REST).read_text())
    (tmp_path / REST).write_text(json.dumps({**rest, "fingerprint": "f" * 64}))
    with pytest.raises(ModelOutdatedError, match=r"train it again.*ffffffffffff"):
        load(tmp_path)


def test_one_intent_is_nothing_to_learn():
    with pytest.raises(NothingToLearnError):
        train([("hello", "greet"), ("hi", "greet")], Settings(), None)


def test_reading_needs_neither_scipy_nor_torch_nor_a_network(model, tmp_path):
    save(model, tmp_path)
    code = f"""
import sys, socket
def refuse(*_, **__): raise AssertionError("network")
socket.socket.connect = socket.create_connection = socket.getaddrinfo = refuse
from pathlib import Path
from nlu.components.store import load
assert load(Path({str(tmp_path)!r})).read("how much is it").ranking[0][0] == "ask_cost"
heavy = {{"scipy", "sklearn", "torch", "tensorflow", "transformers", "huggingface_hub", "symspellpy"}}
print(sorted(heavy & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=PROJECT, check=False)
    assert (done.stdout.strip(), done.returncode) == ("[]", 0), done.stderr


def test_training_warns_of_nothing(examples):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        train(examples[::3], Settings(copies=0, folds=2), Encoder())


def test_many_at_once_score_as_each_alone(model):
    texts = ["how much is it", "cn i com on tuesday", "xyzzy", "where is the course"]
    features = model.reader.read([model.reader.clean(text) for text in texts])
    scores, nearest = training._score_all(model, features)
    for row in range(len(texts)):
        alone, near = model.score(features, row)
        assert np.allclose(scores[row], alone, atol=1e-3)
        assert abs(nearest[row] - near) < 1e-5
