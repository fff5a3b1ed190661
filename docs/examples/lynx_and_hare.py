"""Lynx and hare: a differential equation fitted to twenty-one years of pelts.

The data are the pelts, in thousands, that the Hudson's Bay Company collected from 1900 to 1920:
C. G. Hewitt, "The Conservation of the Wild Life of Canada" (1921), as tabulated in E. P. Odum,
"Fundamentals of Ecology" (1953). The model is that of A. J. Lotka (1925) and V. Volterra (1926),
with errors that are normal on a logarithmic scale. B. Carpenter, "Predator-Prey Population
Dynamics: the Lotka-Volterra model in Stan" (2018), fits it to the same data by sampling, with weak
priors.
"""

import math

import numpy as np
from common import arguments, plot, progress, timed

import mygrad as mg
from mygrad.optim import LBFGS

YEARS = np.arange(1900, 1921)
HARE = [30.0, 47.2, 70.2, 77.4, 36.3, 20.6, 18.1, 21.4, 22.0, 25.4, 27.1, 40.3, 57.0, 76.6]
HARE += [52.3, 19.5, 11.2, 7.6, 14.6, 16.2, 24.7]
LYNX = [4.0, 6.1, 9.8, 35.2, 59.4, 41.7, 19.0, 13.0, 8.3, 9.1, 7.4, 8.0, 12.3, 19.5]
LYNX += [45.7, 51.1, 29.7, 15.8, 9.7, 10.1, 8.6]
PELTS = np.array([HARE, LYNX]).T

# The four rates, per year, and Carpenter's estimates: mean and standard deviation.
RATES = {
    "births of hares": "0.55 ± 0.07",
    "hares caught, by lynx": "0.028 ± 0.004",
    "deaths of lynx": "0.80 ± 0.10",
    "births of lynx, by hare": "0.024 ± 0.004",
}
# Initial values: the rates, the pelts of the first year, the errors of both species.
START = np.log([0.5, 0.02, 1.0, 0.02, *PELTS[0], 0.5, 0.5])


def slope(state, rates):
    """The time derivative of the numbers of hares and lynx."""
    hare, lynx = state
    births, caught, deaths, fed = rates
    return np.stack([(births - caught * lynx) * hare, (fed * hare - deaths) * lynx])


def solution(start, rates, years, steps):
    """The numbers in each year, by the classical Runge-Kutta method with ``steps`` per year."""
    h = 1 / steps
    states = [start]
    for _ in range(years - 1):
        y = states[-1]
        for _ in range(steps):
            k1 = slope(y, rates)
            k2 = slope(y + h / 2 * k1, rates)
            k3 = slope(y + h / 2 * k2, rates)
            k4 = slope(y + h * k3, rates)
            y = y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
        states.append(y)
    return np.stack(states)


def loss(logs, steps):
    """The negative log-likelihood of the pelts."""
    rates, start, errors = np.exp(logs[:4]), np.exp(logs[4:6]), np.exp(logs[6:])
    fitted = solution(start, rates, len(PELTS), steps)
    residuals = (np.log(PELTS) - np.log(fitted)) / errors
    return np.sum(residuals**2 / 2 + np.log(errors)) + PELTS.size / 2 * math.log(2 * math.pi)


def main(argv=None):
    options = arguments(__doc__, argv)
    steps = 2 if options.short else 6
    logs = mg.tensor(START)
    optimizer = LBFGS([logs], max_iter=10)
    with timed("fit"):
        for _ in progress(2 if options.short else 5, "fitting"):
            least = optimizer.step(lambda: loss(logs, steps))
    print(f"negative log-likelihood: {loss(START, steps):.2f} -> {least:.2f}")

    # The curvature at the minimum tells how sharply the data determine the parameters.
    found = logs.data
    with timed("Hessian"):
        curvature = mg.hessian(lambda p: loss(p, steps))(found)
    deviations = np.sqrt(np.diag(np.linalg.inv(curvature)))
    print(f"{'rates, per year':<26} here              Carpenter")
    values = np.exp(found)
    for (name, published), value, relative in zip(RATES.items(), values, deviations, strict=False):
        print(f"{name + ' ':.<26} {value:.4f} ± {value * relative:.4f}   {published}")

    def draw(left, right):
        # With rates per twentieth of a year, the equation advances in twentieths of a year.
        fine = solution(values[4:6], values[:4] / 20, 20 * len(YEARS) - 19, 1)
        times = np.linspace(YEARS[0], YEARS[-1], len(fine))
        for i, name in enumerate(["hare", "lynx"]):
            left.plot(times, fine[:, i], f"C{i}", label=name)
            left.plot(YEARS, PELTS[:, i], f"C{i}o", ms=4)
        left.set(xlabel="year", ylabel="pelts, in thousands", xticks=YEARS[::5], ylim=(0, None))
        left.legend()
        right.plot(fine[:, 0], fine[:, 1], "C2")
        right.plot(PELTS[:, 0], PELTS[:, 1], "k.", ms=5)
        right.set(xlabel="hare", ylabel="lynx")

    plot(options.plot, draw)


if __name__ == "__main__":
    main()
