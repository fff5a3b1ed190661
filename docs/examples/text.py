"""A network of gated recurrent units learns to write like the Python language reference.

The text is that of the module `pydoc_data.topics`, which comes with Python: the parts of the
reference that `help("if")` and its like show (Python Software Foundation, PSF License). It differs
a little from one release of Python to the next.
"""

import math
import sys
from pydoc_data.topics import topics

import numpy as np
from common import arguments, plot, progress, timed

import mygrad as mg
from mygrad.nnet.activations import softmax
from mygrad.nnet.initializers import glorot_uniform
from mygrad.nnet.layers import embedding, gru
from mygrad.nnet.losses import softmax_crossentropy
from mygrad.optim import Adam, CosineDecay, clip_by_norm

WIDTH, LENGTH, BATCH = 128, 64, 32


class Writer:
    """Characters → vectors → gated recurrent units → scores of the next character."""

    def __init__(self, letters):
        weights = [(WIDTH, WIDTH), (WIDTH, WIDTH), (WIDTH,)]
        shapes = [(letters, WIDTH), *3 * weights, (WIDTH, letters), (letters,)]
        self.parameters = [
            glorot_uniform(shape) if len(shape) == 2 else mg.zeros(shape, np.float32)
            for shape in shapes
        ]

    def __call__(self, text, state=None):
        """Scores after each character of ``text``, integers (time, batch), and the last state."""
        E, *gates, W, b = self.parameters
        states = gru(embedding(text, E), *gates, s0=state)
        return states[1:] @ W + b, states[-1]


def load():
    """The text as integers, nine tenths to learn from and the rest to test on, and its alphabet."""
    text = "\n".join(topics[name] for name in sorted(topics))
    alphabet, codes = np.unique([c if c.isascii() else "?" for c in text], return_inverse=True)
    cut = len(codes) * 9 // 10
    return codes[:cut], codes[cut:], alphabet


def columns(codes, count):
    """``codes`` cut into ``count`` columns of consecutive characters."""
    length = len(codes) // count
    return codes[: count * length].reshape(count, length).T


def loss(scores, codes):
    """The mean cross-entropy, in bits a character."""
    return softmax_crossentropy(np.reshape(scores, (codes.size, -1)), codes.ravel()) / math.log(2)


def train(model, codes, steps, title="training"):
    """Adjust the model to the text, a stretch of it a step; yields the loss before each step."""
    optimizer = Adam(model.parameters, lr=CosineDecay(0.006, steps))
    text, state, start = columns(codes, BATCH), None, 0
    for _ in progress(steps, title):
        if start + LENGTH >= len(text):
            state, start = None, 0
        stretch = text[start : start + LENGTH + 1]
        scores, state = model(stretch[:-1], state)
        bits = loss(scores, stretch[1:])
        bits.backward()
        clip_by_norm(model.parameters, 1.0)
        optimizer.step()
        state, start = state.detach(), start + LENGTH
        yield bits.item()


@mg.no_autodiff
def test(model, codes):
    """Bits a character for a text that the model has not seen."""
    text = columns(codes, 50)
    scores, _ = model(text[:-1])
    return loss(scores, text[1:]).item()


@mg.no_autodiff
def write(model, alphabet, beginning, length, rng):
    """A text that the model makes up, a character after the other."""
    written, state = list(beginning), None
    codes = np.searchsorted(alphabet, written)
    for _ in range(length):
        scores, state = model(codes[:, None], state)
        chances = softmax(scores[-1, 0] / 0.6).data.astype(float)
        codes = rng.choice(len(alphabet), 1, p=chances / chances.sum())
        written.append(alphabet[codes[0]])
    return "".join(written)


def guess(codes, unseen, letters):
    """Bits a character of a guess from how often each pair of characters occurs."""
    pairs = np.ones((letters, letters))
    np.add.at(pairs, (codes[:-1], codes[1:]), 1)
    return -np.log2(pairs / pairs.sum(1, keepdims=True))[unseen[:-1], unseen[1:]].mean()


def main(argv=None):
    options = arguments(__doc__, argv)
    rng = np.random.default_rng(options.seed)
    mg.random.seed(options.seed)
    codes, unseen, alphabet = load()
    model = Writer(len(alphabet))
    steps = 40 if options.short else 2000
    print(f"Python {sys.version.split()[0]}: {len(codes):,} characters, {len(alphabet)} different")
    with timed(f"{steps} steps of {BATCH} × {LENGTH} characters"):
        course = list(train(model, codes, steps))
    bits, pairs = test(model, unseen), guess(codes, unseen, len(alphabet))
    print(f"bits a character, at first: {course[0]:.2f}")
    print(f"bits a character of {len(unseen):,} unseen: {bits:.2f}, from pairs: {pairs:.2f}")
    print(write(model, alphabet, "The ", 60 if options.short else 500, rng))

    def draw(axes):
        window = min(50, len(course))
        smooth = np.convolve(course, np.ones(window) / window, "valid")
        axes.plot(np.arange(window, len(course) + 1), smooth, label="training, mean of 50 steps")
        axes.axhline(bits, ls="--", color="C1", label="unseen text, at the end")
        axes.axhline(pairs, ls=":", color="gray", label="guessed from pairs")
        axes.set(xlabel="step", ylabel="bits a character")
        axes.legend()

    plot(options.plot, draw, columns=1)


if __name__ == "__main__":
    main()
