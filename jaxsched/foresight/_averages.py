"""What a decay of the rate does to weights, and which average of checkpoints does the same."""

from typing import Any

import numpy as np

from jaxsched.foresight._rates import check_known, known_rates, total_of
from jaxsched.kinds import shown

SLACK = 1e-9
"""What rounding may have put weights beyond their bounds, or their sum off 1."""


def merge_weights(decay: Any) -> np.ndarray:
    r"""The weights with which to average checkpoints, in the place of a decay of the rate.

    $$c_0 = 1 - w_1, \quad c_j = w_j - w_{j+1}, \quad c_k = w_k$$

    A run at one rate has checkpoints $\theta_0, \dots, \theta_k$; had the update from $\theta_{j-1}$ to $\theta_j$ been
    multiplied by $w_j$, without changing the gradients, it had come to $\sum_j c_j \theta_j$.

    Args:
        decay: $w_1, \dots, w_k$, the rates of the decay over the peak, from 1 down to 0: at least one.

    Returns:
        $c_0, \dots, c_k$ as a NumPy array in float64; they are at least 0 and sum to 1.

    Raises:
        ValueError: the decay rises, or leaves the range from 0 to 1.
        TypeError: it is traced.

    Examples:
        >>> jaxsched.foresight.merge_weights([0.75, 0.5, 0.25])
        array([0.25, 0.25, 0.25, 0.25])

    Reference:
        arXiv:2507.17634 (WSM), theorem 3.1.
    """
    w = _numbers("decay", decay)
    if w[0] > 1 + SLACK or w[-1] < -SLACK or (np.diff(w) > SLACK).any():
        raise ValueError(f"`decay` must fall from at most 1 to at least 0: got {shown(w)}.")
    return -np.diff(np.concatenate([[1.0], w, [0.0]]))


def implied_decay(weights: Any) -> np.ndarray:
    r"""The decay of the rate that an average of checkpoints stands for: $w_i = \sum_{j \ge i} c_j$.

    The uniform average of k + 1 checkpoints is a linear decay; an exponential one with $\beta$ over T is
    $w_i = 1 - \beta^{T - i + 1}$.

    Args:
        weights: $c_0, \dots, c_k$, at least two, that sum to 1.

    Returns:
        $w_1, \dots, w_k$ as a NumPy array in float64.

    Raises:
        ValueError: the weights do not sum to 1, or there are fewer than two.
        TypeError: they are traced.

    Examples:
        >>> jaxsched.foresight.implied_decay([0.25, 0.25, 0.25, 0.25])
        array([0.75, 0.5 , 0.25])

    Reference:
        arXiv:2507.17634 (WSM), theorem 3.1.
    """
    c = _numbers("weights", weights)
    if len(c) < 2:
        raise ValueError(f"`weights` must be at least two: got {len(c)}.")
    if abs(c.sum() - 1) > 1e-6:
        raise ValueError(f"`weights` must sum to 1: got a sum of {c.sum():g}.")
    return np.cumsum(c[::-1])[::-1][1:]


def update_weights(schedule: Any, total: int, weight_decay: float) -> tuple[float, np.ndarray]:
    r"""With AdamW the last weights are a sum of the first ones and of all updates: these are its coefficients.

    $$\theta_T = \Pi\,\theta_0 - \sum_i c_i u_i$$

    with $\Pi = \prod_j (1 - v_j \lambda)$ and $c_i = v_i \prod_{j > i} (1 - v_j \lambda)$,
    so that $\lambda \sum_i c_i + \Pi = 1$: how much of the start is left, and how far back the end remembers.

    Args:
        schedule: the rates $v_t$.
        total: the length of the run in steps, a Python int.
        weight_decay: $\lambda$, at least 0, of the decay that is multiplied by the rate.

    Returns:
        $\Pi$ as a float, and c as a NumPy array in float64 of shape `(total,)`.

    Raises:
        ValueError: `weight_decay` is negative or above 1 over the largest rate, or a number is not finite.
        TypeError: an argument is traced or of another kind.

    Examples:
        >>> left, weights = jaxsched.foresight.update_weights(jaxsched.warmup_cosine(1e-3, 50, 500), 500, 0.1)
        >>> print(f"{left:.6f} {0.1 * weights.sum() + left:.6f}")
        0.975309 1.000000

    Reference:
        Loshchilov and Hutter 2019, arXiv:1711.05101, algorithm 2, written out.
    """
    total = total_of("total", total)
    decay = _numbers("weight_decay", weight_decay)
    if decay.shape != (1,) or decay[0] < 0:
        raise ValueError(f"`weight_decay` must be a number of at least 0: got {shown(weight_decay)}.")
    rates = known_rates("schedule", schedule, total)
    if not (rates * decay[0] <= 1).all():
        most = f"1 over the largest rate of `schedule`, {rates.max():g}"
        raise ValueError(f"`weight_decay` must be at most {most}: got {shown(weight_decay)}.")
    kept = np.cumprod((1 - rates * decay[0])[::-1])[::-1]  # from each step to the end
    return float(kept[0]), rates * np.append(kept[1:], 1.0)


def _numbers(name: str, x: Any) -> np.ndarray:
    check_known(name, x)
    try:
        given = np.asarray(x)
    except (TypeError, ValueError):  # ragged
        given = np.asarray(None)
    if given.dtype.kind not in "iuf":
        raise TypeError(f"`{name}` must be numbers: got {shown(x)}.")
    found = given.astype(np.float64).ravel()
    if not found.size or not np.isfinite(found).all():
        raise ValueError(f"`{name}` must be at least one number, and all finite: got {shown(x)}.")
    return found
