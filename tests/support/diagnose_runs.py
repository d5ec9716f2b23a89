"""What the tests of `diagnose` look at: synthetic curves of each kind, and the losses of real runs, in NumPy."""

import numpy as np

KINDS = ("diverged", "oscillates", "crawls", "plateau", "healthy")


def curves(rng, n, noise, memory=0.0):
    """Curves of each kind with a fall of about 1; `memory` is the autocorrelation of their noise."""
    t = np.arange(n) / n
    e = rng.normal(size=n)
    for i in range(1, n if memory else 0):
        e[i] = memory * e[i - 1] + np.sqrt(1 - memory**2) * e[i]
    e *= noise
    u = rng.uniform
    swing = u(0.3, 1)
    return [
        ("healthy", np.exp(-t * u(2, 5)) + e),
        ("healthy", (1 + t / u(0.03, 0.1)) ** -u(0.3, 1) + e),
        ("crawls", 1 - t * u(0.5, 1) + e),
        ("crawls", np.exp(-t * u(0.4, 0.7)) / 0.4 + e),
        ("crawls", e),
        ("plateau", np.exp(-t * u(15, 30)) + e),
        ("plateau", (t < 0.08) + e),
        ("diverged", 1 + 0.1 * np.exp(u(5, 20) * t) + e),
        ("diverged", np.exp(-8 * t) + np.exp(u(30, 80) * (t - 0.75)) + e),
        ("diverged", 1 + 2 * t + e),
        ("diverged", np.where(t > u(0.5, 0.95), np.nan, np.exp(-3 * t)) + e),
        ("oscillates", swing * (-1.0) ** np.arange(n) * (1 - 0.3 * t) + np.exp(-5 * t) + e),
        ("oscillates", swing * np.sin(2 * np.pi * t * u(6, max(8, n / 4))) + np.exp(-5 * t) + e),
    ]


def regression(rng, rate, steps, batch=None, momentum=0.0):
    """Linear regression; the rate is in units of 1 / the largest curvature."""
    x, truth = rng.normal(size=(200, 10)), rng.normal(size=10)
    x[:, 0] *= 2
    y = x @ truth + 0.3 * rng.normal(size=200)
    largest = np.linalg.eigvalsh(x.T @ x / 200)[-1]
    p, velocity, losses = np.zeros(10), np.zeros(10), []
    for _ in range(steps):
        rows = slice(None) if batch is None else rng.integers(0, 200, batch)
        rest = x[rows] @ p - y[rows]
        losses.append(np.mean(rest**2) / 2)
        velocity = momentum * velocity + x[rows].T @ rest / len(rest)
        p = p - rate / largest * velocity
    return np.array(losses)


def bowl(rng, rate, steps, momentum=0.0):
    """Equal curvatures: with much momentum the loss swings."""
    p, velocity, losses = rng.normal(size=5), np.zeros(5), []
    for _ in range(steps):
        losses.append(p @ p / 2)
        velocity = momentum * velocity + p
        p = p - rate * velocity
    return np.array(losses)


def network(rng, rate, steps, batch=None):
    """A network of one hidden layer, for a function of two variables."""
    x = rng.uniform(-2, 2, size=(256, 2))
    y = np.sin(2 * x[:, 0]) * x[:, 1] + 0.1 * rng.normal(size=256)
    w, b, v, c = rng.normal(size=(2, 16)) / np.sqrt(2), np.zeros(16), rng.normal(size=16) / 4, 0.0
    losses = []
    for _ in range(steps):
        rows = slice(None) if batch is None else rng.integers(0, 256, batch)
        hidden = np.tanh(x[rows] @ w + b)
        rest = hidden @ v + c - y[rows]
        losses.append(np.mean(rest**2) / 2)
        back = np.outer(rest, v) * (1 - hidden**2) / len(rest)
        w, b = w - rate * x[rows].T @ back, b - rate * back.sum(0)
        v, c = v - rate * hidden.T @ rest / len(rest), c - rate * rest.mean()
    return np.array(losses)


def logistic(rng, rate, steps):
    """Two points of one direction and two labels: at a large rate the loss goes up and down for ever."""
    x, y = np.array([1.0, 1.0, 1.0]), np.array([1.0, 1.0, -1.0])
    p, losses = rng.normal(), []
    for _ in range(steps):
        losses.append(np.mean(np.logaddexp(0, -y * x * p)))
        p -= rate * np.mean(-y * x / (1 + np.exp(y * x * p)))
    return np.array(losses)


RUNS = [  # a run, and what each diagnosis of it is worth: all of 10 seeds, or most
    ("regression 1e-5", lambda rng: regression(rng, 1e-5, 200), {"crawls": 10}),
    ("regression 1e-3", lambda rng: regression(rng, 1e-3, 200), {"crawls": 10}),
    ("regression 1e-2", lambda rng: regression(rng, 1e-2, 200), {"healthy": 10}),
    ("regression 1", lambda rng: regression(rng, 1.0, 200), {"plateau": 10}),
    ("regression 1.99", lambda rng: regression(rng, 1.99, 200), {"healthy": 10}),
    ("regression 2.05", lambda rng: regression(rng, 2.05, 200), {"diverged": 10}),
    ("regression 10", lambda rng: regression(rng, 10, 200), {"diverged": 10}),
    ("minibatches 1e-5", lambda rng: regression(rng, 1e-5, 400, 16), {"crawls": 10}),
    ("minibatches 1e-2", lambda rng: regression(rng, 1e-2, 400, 16), {"healthy": 10}),
    ("minibatches 0.3", lambda rng: regression(rng, 0.3, 400, 16), {"plateau": 10}),
    ("minibatches 2.5", lambda rng: regression(rng, 2.5, 400, 16), {"diverged": 10}),
    ("momentum 1e-4", lambda rng: regression(rng, 1e-4, 200, momentum=0.95), {"crawls": 10}),
    ("momentum 1e-3", lambda rng: regression(rng, 1e-3, 200, momentum=0.95), {"healthy": 10}),
    ("momentum 4.5", lambda rng: regression(rng, 4.5, 200, momentum=0.95), {"diverged": 10}),
    ("much momentum", lambda rng: bowl(rng, 0.05, 200, momentum=0.995), {"oscillates": 10}),
    ("barely stable bowl", lambda rng: bowl(rng, 1.99, 200), {"healthy": 10}),  # it is crossed, and the loss is smooth
    ("logistic 0.01", lambda rng: logistic(rng, 0.01, 100), {"crawls": 9}),
    ("logistic 12", lambda rng: logistic(rng, 12, 100), {"oscillates": 10}),
    ("logistic 15", lambda rng: logistic(rng, 15, 100), {"oscillates": 5}),  # at the edge of chaos
    ("logistic 30", lambda rng: logistic(rng, 30, 100), {"oscillates": 10}),
    ("network 1e-4", lambda rng: network(rng, 1e-4, 300), {"crawls": 10}),
    ("network 0.1", lambda rng: network(rng, 0.1, 300), {"crawls": 5}),  # it begins to learn late
    ("network 0.3", lambda rng: network(rng, 0.3, 300), {"healthy": 10}),
    ("network 4", lambda rng: network(rng, 4.0, 300), {"diverged": 10}),
    ("network, minibatches 1e-4", lambda rng: network(rng, 1e-4, 400, 32), {"crawls": 8}),
    ("network, minibatches 0.2", lambda rng: network(rng, 0.2, 400, 32), {"healthy": 7}),
    ("network, minibatches 2", lambda rng: network(rng, 2.0, 400, 32), {"diverged": 10}),
]
