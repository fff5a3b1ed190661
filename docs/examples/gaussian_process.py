"""A Gaussian process predicts ten years of atmospheric carbon dioxide.

It is fitted to the monthly means at Mauna Loa from 1958 to 1991: ten hyperparameters, the sizes and
time scales of several kinds of variation, are found from the gradient of the marginal likelihood.
The prediction is compared with the data up to 2001. `mauna_loa.csv` holds the data and names their
source. The formulas are those of C. E. Rasmussen and C. K. I. Williams, "Gaussian Processes for
Machine Learning" (2006): equations 2.23, 2.24 and 2.30, and a covariance similar to that of section
5.4.3, which is about these data.
"""

import math
from pathlib import Path

import numpy as np
from common import arguments, plot, progress, timed

import mygrad as mg
from mygrad.optim import LBFGS

# The name of each hyperparameter, its unit, and its initial value.
HYPERPARAMETERS = [
    ("trend: size", "ppm", 30.0),
    ("trend: time", "years", 30.0),
    ("season: size", "ppm", 2.0),
    ("season: time of change", "years", 50.0),
    ("season: smoothness", "", 1.0),
    ("slow deviations: size", "ppm", 1.0),
    ("slow deviations: time", "years", 1.0),
    ("fast deviations: size", "ppm", 0.3),
    ("fast deviations: time", "years", 0.3),
    ("noise: size", "ppm", 0.3),
]
START = np.log([start for *_, start in HYPERPARAMETERS])


def load():
    """The midpoint of each month, in years, and its carbon dioxide, in parts per million."""
    table = np.genfromtxt(Path(__file__).with_name("mauna_loa.csv"), delimiter=",")
    times = table[:, :1] + (np.arange(12) + 0.5) / 12
    known = np.isfinite(table[:, 1:])
    return times[known], table[:, 1:][known]


def covariance(t, s, logs):
    """The covariance of the values at times ``t`` and ``s``, without noise."""
    a, b, c, d, e, f, g, h, i, _ = np.exp(logs)
    apart = t[:, None] - s
    square = -(apart**2) / 2
    trend = a**2 * np.exp(square / b**2)
    season = c**2 * np.exp(square / d**2 - 2 * np.sin(math.pi * apart) ** 2 / e**2)
    return trend + season + f**2 * np.exp(square / g**2) + h**2 * np.exp(square / i**2)


def loss(logs, t, y):
    """The negative logarithm of the marginal likelihood of the observations ``y``."""
    root = np.linalg.cholesky(covariance(t, t, logs) + np.exp(2 * logs[-1]) * np.eye(len(t)))
    white = np.linalg.solve(root, y)
    return white @ white / 2 + np.sum(np.log(np.diag(root))) + len(t) / 2 * math.log(2 * math.pi)


def predict(new, logs, t, y):
    """The mean and standard deviation of predicted observations at the times ``new``."""
    noise = np.exp(2 * logs[-1])
    across = covariance(t, new, logs)
    weights = np.linalg.solve(covariance(t, t, logs) + noise * np.eye(len(t)), across)
    variance = covariance(new[:1], new[:1], logs)[0] + noise - np.sum(across * weights, axis=0)
    return y @ weights, np.sqrt(variance)


def main(argv=None):
    options = arguments(__doc__, argv)
    times, ppm = load()
    seen = (times < 1992) & (times > (1976 if options.short else 0))
    unseen = times > 1992
    t, center = times[seen], ppm[seen].mean()
    y = ppm[seen] - center

    logs = mg.tensor(START)
    optimizer = LBFGS([logs], max_iter=20)
    with timed(f"{len(START)} hyperparameters from {len(t)} months"):
        for _ in progress(1 if options.short else 5, "fitting"):
            least = optimizer.step(lambda: loss(logs, t, y))
    print(f"negative log marginal likelihood: {loss(START, t, y):.2f} -> {least:.2f}")
    found = logs.data
    for (name, unit, _), value in zip(HYPERPARAMETERS, np.exp(found), strict=True):
        print(f"  {name + ' ':.<24} {value:.3g} {unit}".rstrip())

    mean, deviation = predict(times[unseen], found, t, y)
    errors = ppm[unseen] - center - mean
    size, inside = np.sqrt(np.mean(errors**2)), np.mean(np.abs(errors) < 2 * deviation)
    print(f"{len(errors)} months unseen: root mean square error {size:.2f} ppm")
    print(f"{inside:.0%} of them within two standard deviations of the prediction")

    def draw(left, right):
        middle, margin = center + mean, 2 * deviation
        for axes in (left, right):
            axes.fill_between(times[unseen], middle - margin, middle + margin, color="C1", lw=0)
            axes.plot(times[seen], ppm[seen], "C0", lw=0.8)
            axes.set(xlabel="year", ylabel="CO₂, parts per million")
        right.plot(times[unseen], ppm[unseen], "k.", ms=3)
        right.set(xlim=(1988, 2002), ylim=(345, 380))
        right.legend(["predicted, ± 2 deviations", "seen", "unseen"])

    plot(options.plot, draw)


if __name__ == "__main__":
    main()
