"""Sentences as vectors: MiniLM (all-MiniLM-L6-v2, eight-bit) on one thread of onnxruntime, from installed files."""

from __future__ import annotations

import numpy as np

from nlu.components.weights import MODEL, TOKENIZER, find_file

SIZE = 384
MOST_PIECES = 96


class Encoder:
    """Turns one sentence into a vector of length one. The same sentence gives the same vector."""

    def __init__(self) -> None:
        """Raises WeightsMissingError or WeightsChangedError."""
        import onnxruntime
        from tokenizers import Tokenizer

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.enable_cpu_mem_arena = options.enable_mem_pattern = False
        model = str(find_file(MODEL))
        self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        self._tokenizer = Tokenizer.from_file(str(find_file(TOKENIZER)))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(MOST_PIECES)

    def encode(self, text: str) -> np.ndarray:
        """The vector of `text`: (384,) float32, mean over its pieces."""
        pieces = np.array([self._tokenizer.encode(text).ids], dtype=np.int64)
        # One at a time: the eight-bit kernels scale by the whole batch, so neighbours would change a sentence's vector.
        (states,) = self._session.run(
            None,
            {"input_ids": pieces, "attention_mask": np.ones_like(pieces), "token_type_ids": np.zeros_like(pieces)},
        )
        vector = states[0].mean(axis=0)
        return (vector / max(float(np.linalg.norm(vector)), 1e-9)).astype(np.float32)

    def encode_all(self, texts: list[str]) -> np.ndarray:
        """The vectors of `texts`, each text run once: (len(texts), 384) float32."""
        seen = {text: self.encode(text) for text in dict.fromkeys(texts)}
        return np.stack([seen[text] for text in texts]) if texts else np.zeros((0, SIZE), np.float32)
