"""Configurations of every decay of `tf.compat.v1.train`, drawn from all that is legal."""

import random

from support.compat import keras_cases
from support.compat.case import Case
from support.compat.keras_cases import around, length, value


def cases(seed: int = 20261125) -> list[Case]:
    rng = random.Random(seed)
    drawn = [draw(rng) for draw, times in DRAWS.items() for _ in range(times)]
    return [*drawn, *DEGENERATE]


NAMES = {
    "ExponentialDecay": "exponential_decay",
    "InverseTimeDecay": "inverse_time_decay",
    "PolynomialDecay": "polynomial_decay",
    "CosineDecayRestarts": "cosine_decay_restarts",
    "PiecewiseConstantDecay": "piecewise_constant",
}


def like_keras(case: Case) -> Case:
    """A case of the class in Keras that a function here became."""
    arguments = dict(case.arguments)
    if "initial_learning_rate" in arguments:
        arguments = {"learning_rate": arguments.pop("initial_learning_rate"), **arguments}
    return case._replace(function=NAMES[case.function], arguments=arguments)


def exponential(rng):
    return like_keras(keras_cases.exponential(rng))


def natural_exp(rng):
    case = exponential(rng)
    rate = rng.choice([0.5, 1.0, 0.01, 2.0, 0.0, rng.random(), -0.1])
    return case._replace(function="natural_exp_decay", arguments={**case.arguments, "decay_rate": rate})


def inverse_time(rng):
    return like_keras(keras_cases.inverse_time(rng))


def piecewise(rng):
    case = like_keras(keras_cases.piecewise(rng))
    whole = [int(boundary) for boundary in case.arguments["boundaries"]]  # of the step's type, there
    function = rng.choice(["piecewise_constant", "piecewise_constant_decay"])
    return case._replace(function=function, arguments={**case.arguments, "boundaries": whole})


def polynomial(rng):
    return like_keras(keras_cases.polynomial(rng))


def restarts(rng):
    return like_keras(keras_cases.restarts(rng))


def cosine(rng):
    n = length(rng)
    arguments = {"learning_rate": value(rng), "decay_steps": n, "alpha": rng.choice([0.0, 0.1, 0.01, 1.0])}
    return Case("cosine_decay", arguments, around(n, 2 * n))


def linear_cosine(rng):
    n = length(rng)
    arguments = {"learning_rate": value(rng), "decay_steps": n}
    if rng.random() < 0.7:
        arguments |= {"num_periods": rng.choice([0.5, 1, 2.5, 0.3, 3.75, 0]), "alpha": rng.choice([0.0, 0.1, 1.0])}
        arguments |= {"beta": rng.choice([0.001, 0.0, 0.1])}
    return Case("linear_cosine_decay", arguments, around(n, 2 * n))


def noiseless(rng):
    case = linear_cosine(rng)
    quiet = {"initial_variance": 0.0, "variance_decay": rng.choice([0.55, 1.0])}
    return case._replace(function="noisy_linear_cosine_decay", arguments={**case.arguments, **quiet})


DRAWS = {
    exponential: 10,
    natural_exp: 10,
    inverse_time: 8,
    piecewise: 10,
    polynomial: 16,
    cosine: 10,
    restarts: 14,
    linear_cosine: 14,
    noiseless: 6,
}

DEGENERATE = [
    Case(
        "cosine_decay_restarts",
        {"learning_rate": 1.0, "first_decay_steps": 1, "t_mul": 3.0},
        [0, 1, 4, 120, 121, 122],
        differs=keras_cases.MISSED,
    ),
    Case("piecewise_constant", {"boundaries": [0], "values": [1.0, 0.5]}, [0, 1, 2]),
    Case("exponential_decay", {"learning_rate": 1.0, "decay_steps": 4, "decay_rate": 0.0}, [0, 1, 4, 5]),
]
