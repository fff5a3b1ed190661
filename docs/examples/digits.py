"""Handwritten digits, classified by a dense and by a small convolutional network.

The data are the 1,797 images of 8×8 pixels shipped with scikit-learn: the test set of E. Alpaydin
and C. Kaynak, "Optical Recognition of Handwritten Digits", UCI Machine Learning Repository (1998).
"""

import numpy as np
from common import arguments, plot, progress, timed
from sklearn.datasets import load_digits

import mygrad as mg
from mygrad.nnet.initializers import he_normal
from mygrad.nnet.layers import conv_nd, max_pool
from mygrad.nnet.losses import softmax_crossentropy
from mygrad.optim import Adam, CosineDecay

BATCH = 64


def zeros(*shape):
    """Initial biases."""
    return mg.zeros(shape, np.float32)


class Dense:
    """64 pixels → 64 → 32 → 10 scores, in plain NumPy."""

    def __init__(self):
        weights = [he_normal(64, 64), he_normal(64, 32), he_normal(32, 10)]
        self.parameters = [*weights, zeros(64), zeros(32), zeros(10)]

    def __call__(self, images):
        W1, W2, W3, b1, b2, b3 = self.parameters
        h = np.maximum(np.reshape(images, (-1, 64)) @ W1 + b1, 0)
        h = np.maximum(h @ W2 + b2, 0)
        return h @ W3 + b3


class Convolutional:
    """8×8 pixels → 16 maps → pooled to 4×4 → 32 maps → pooled to 2×2 → 10 scores."""

    def __init__(self):
        weights = [he_normal(16, 1, 3, 3), he_normal(32, 16, 3, 3), he_normal(128, 10)]
        self.parameters = [*weights, zeros(16, 1, 1), zeros(32, 1, 1), zeros(10)]

    def __call__(self, images):
        F1, F2, W, b1, b2, b3 = self.parameters
        h = np.maximum(conv_nd(images, F1, stride=1, padding=1) + b1, 0)
        h = max_pool(h, (2, 2), 2)
        h = np.maximum(conv_nd(h, F2, stride=1, padding=1) + b2, 0)
        h = max_pool(h, (2, 2), 2)
        return np.reshape(h, (-1, 128)) @ W + b3


def load(rng):
    """Images with values in [0, 1] and their digits: 1,347 for training, 450 for testing."""
    images, digits = load_digits(return_X_y=True)
    images = (images / 16).astype(np.float32).reshape(-1, 1, 8, 8)
    order = rng.permutation(len(digits))
    return (images[order[450:]], digits[order[450:]]), (images[order[:450]], digits[order[:450]])


@mg.no_autodiff
def accuracy(model, images, digits):
    """The fraction of correctly classified images."""
    return float(np.mean(np.argmax(model(images), axis=1) == digits))


def fit(model, train, test, epochs, rng, title):
    """Minimize the cross-entropy; return it and the test accuracy after each epoch."""
    images, digits = train
    batches = len(digits) // BATCH
    optimizer = Adam(model.parameters, lr=CosineDecay(0.004, steps=epochs * batches))
    losses, scores = [], []
    for _ in progress(epochs, title):
        losses.append(0.0)
        for batch in np.array_split(rng.permutation(len(digits)), batches):
            loss = softmax_crossentropy(model(images[batch]), digits[batch])
            loss.backward()
            optimizer.step()
            losses[-1] += loss.item() / batches
        scores.append(accuracy(model, *test))
    return losses, scores


def main(argv=None):
    options = arguments(__doc__, argv)
    rng = np.random.default_rng(options.seed)
    mg.random.seed(options.seed)
    train, test = load(rng)
    epochs = 4 if options.short else 40
    courses = {}
    for name, model in {"dense": Dense(), "convolutional": Convolutional()}.items():
        size = sum(each.size for each in model.parameters)
        with timed(f"{name}, {size:,} parameters, {epochs} epochs"):
            losses, scores = courses[name] = fit(model, train, test, epochs, rng, name)
        print(f"{name}: loss {losses[0]:.4f} -> {losses[-1]:.4f}, {scores[-1]:.1%} of 450 correct")

    def draw(left, right):
        for name, (losses, scores) in courses.items():
            left.semilogy(np.arange(epochs) + 1, losses, label=name)
            right.plot(np.arange(epochs) + 1, 100 - 100 * np.array(scores), label=name)
        left.set(xlabel="epoch", ylabel="cross-entropy, training set")
        right.set(xlabel="epoch", ylabel="% wrong, test set", ylim=(0, 10))
        left.legend()

    plot(options.plot, draw)


if __name__ == "__main__":
    main()
