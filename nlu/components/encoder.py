"""Sentences as vectors: MiniLM (all-MiniLM-L6-v2, eight-bit) on one thread of onnxruntime, from installed files."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from nlu.components.kept import KeptVectors
from nlu.components.weights import MODEL, TOKENIZER, find_file

# Two means over a sentence's pieces, each of length one: of the last layer, which was trained for likeness in meaning,
# and of the fourth of six, which still knows more of the wording. Together they tell near intents apart better.
SIZE = 768
FOURTH_LAYER = "layer_norm_8"
MOST_PIECES, MANY = 96, 64


class Encoder:
    """Turns one sentence into a vector of length one. The same sentence gives the same vector."""

    def __init__(self, keep: Path | None = None) -> None:
        """`keep`: a file where a training leaves its vectors for the next. Raises WeightsMissingError or
        WeightsChangedError.
        """
        import onnxruntime
        from tokenizers import Tokenizer

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.enable_cpu_mem_arena = options.enable_mem_pattern = False
        model = find_file(MODEL).read_bytes() + _one_more_output(FOURTH_LAYER)
        self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        self._tokenizer = Tokenizer.from_file(str(find_file(TOKENIZER)))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(MOST_PIECES)
        maker = f"{MODEL[2]} {TOKENIZER[2]} {FOURTH_LAYER} {MOST_PIECES} {onnxruntime.__version__} {SIZE}"
        self._kept = KeptVectors(keep, maker, SIZE) if keep else None

    def encode(self, text: str) -> np.ndarray:
        """The vector of `text`: (768,) float32, two halves of length one."""
        pieces = np.array([self._tokenizer.encode(text).ids], dtype=np.int64)
        # One at a time: the eight-bit kernels scale by the whole batch, so neighbours would change a sentence's vector.
        layers = self._session.run(
            None,
            {"input_ids": pieces, "attention_mask": np.ones_like(pieces), "token_type_ids": np.zeros_like(pieces)},
        )
        means = [layer[0].mean(axis=0) for layer in layers]
        return np.concatenate([mean / max(float(np.linalg.norm(mean)), 1e-9) for mean in means]).astype(np.float32)

    def encode_all(self, texts: list[str]) -> np.ndarray:
        """The vectors of `texts`, each text run once: (len(texts), 768) float32."""
        return self._kept.encode_all(texts, self._run_all) if self._kept else self._run_all(texts)

    def keep(self) -> None:
        """Leaves the vectors for the next training, where a file was named for them."""
        if self._kept:
            self._kept.save()

    def _run_all(self, texts: list[str]) -> np.ndarray:
        distinct = list(dict.fromkeys(texts))
        if len(distinct) > MANY:  # training: each core runs sentences of its own, one at a time
            with ThreadPoolExecutor(os.cpu_count() or 1) as cores:
                seen = dict(zip(distinct, cores.map(self.encode, distinct), strict=True))
        else:
            seen = {text: self.encode(text) for text in distinct}
        return np.stack([seen[text] for text in texts]) if texts else np.zeros((0, SIZE), np.float32)


def _one_more_output(name: str) -> bytes:
    """What makes the ONNX graph give the value `name` too: appended messages are merged, as protobuf defines.

    Field 7 of the model is its graph, field 12 of the graph an output, field 1 of an output its name.
    """
    value = b"\x0a" + bytes([len(name)]) + name.encode()
    output = b"\x62" + bytes([len(value)]) + value
    return b"\x3a" + bytes([len(output)]) + output
