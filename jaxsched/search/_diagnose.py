"""Diagnose: what the losses of a short run say about its rate."""

from typing import Any, Literal, NamedTuple

import numpy as np

import jaxsched as js
from jaxsched.kinds import checker, is_sequence, is_traced, shown

FEWEST = 20
"""Losses below which a third of a run has no median worth the name."""

ROUNDING = float(np.finfo(np.float32).eps)

Verdict = Literal["diverged", "oscillates", "crawls", "plateau", "healthy"]

ADVICE: dict[str, str] = {
    "diverged": "The loss blew up: divide the rate by ten, or warm it up for longer.",
    "oscillates": "The loss goes up and down instead of falling: divide the rate by about three.",
    "crawls": "The loss hardly falls, or still falls as at the start: multiply the rate by five to ten.",
    "plateau": "The loss fell and is flat now: decay the rate now, by ten say, or stop.",
    "healthy": "The loss falls well: go on.",
}


class Diagnosis(NamedTuple):
    """What `diagnose` says.

    Attributes:
        kind: "diverged", "oscillates", "crawls", "plateau" or "healthy".
        remedy: what is usually done about it, a sentence.
        rate: a rate to try next; `None` where the present one is fine.
        drop: the fall from the start to the last third, in units of the loss; below 0 if it rose.
        noise: the deviation of one loss from its neighbours, in units of the loss.
        pace: the part of the fall from the first to the last third that belongs to its later half; 0 if it is lost in
            the noise.
        swing: how regular the ups and downs are, from 0 (mere noise, or none) to 1.
    """

    kind: Verdict
    remedy: str
    rate: float | None
    drop: float
    noise: float
    pace: float
    swing: float


def diagnose(losses: Any, rate: js.ScheduleLike) -> Diagnosis:
    r"""Whether a run diverged, crawls, oscillates or is on a plateau, and what is usually done about it.

    It runs on the host and looks at the shape of the curve only: losses that are scaled or shifted get the same answer.
    Time is the sum of the rates so far, so that a warmup does not look like a slow start. Let $m_i$ be the median of
    the $n_i$ losses in the i-th third of that time, $h_k$ and $t_k$ those of the first and the last
    $k = 3, 6, 12, \dots \le n / 3$ losses, $h$ the largest $h_k$ or $m_1$,
    $\sigma = 1.4826 \operatorname{med} |y_{j+1} - 2 y_j + y_{j-1}| / \sqrt 6$ the noise, $c \ge 1$ how much more the
    medians of 5 to 16 blocks vary than white noise would have it, and
    $e(a, b) = 1.2533\,c\,\sigma \sqrt{1/a + 1/b}$ the error of a difference of medians. The first that holds is the
    answer:

    1. *diverged*: a loss is not finite; or the end is above the start, $t_k - h_k > 6\,e(k, k)$ and
       $t_k - m_1 > 6\,e(k, n_1)$ for a k (with no more than $\max(2, n / 30)$ for c).
    2. *oscillates*: the loss climbed back, $m_3 - \min(m_1, m_2) > 6\,e(n_2, n_3)$ and more than a third of the fall
       before; or, after the first third and less a parabola, it swings: its deviation exceeds 0.15 of the drop
       $h - m_3$, and its autocorrelation is below $-\max(0.35, 2.5 / \sqrt n)$ at lag 1 or, past the first lag where
       it is below 0, above $\max(0.45, 2.5 / \sqrt n)$ at one of up to a third of the steps.
    3. *crawls*: it never fell, neither $m_1 - m_3 > 3.5\,e(n_1, n_3)$ nor $h_k - m_3 > 4.5\,e(k, n_3)$ for a k; or it
       falls as at the start, $\text{pace} = (m_2 - m_3) / (m_1 - m_3) > 0.42$. A straight line has 0.5, an exponential
       of time constant $\tau$ has 0.42 after $\tau$.
    4. *plateau*: $\text{pace} < 0.05$, as the exponential has after $9 \tau$; or what fell of late is noise,
       $m_2 - m_3 < 3\,e(n_2, n_3)$, and less than 0.05 of the drop.
    5. *healthy*: all else.

    Losses alone cannot tell everything. A run that starts on its plateau crawls by this rule, and so does one whose
    noise hides its fall, or that falls faster and faster. A quadratic bowl at a barely stable rate is crossed back and
    forth while the loss falls smoothly. On few losses, below 50 say, only clear cases are told apart.

    Args:
        losses: the losses of the steps so far, one-dimensional, at least 20.
        rate: the rate that was used: a number, an array with one for each loss, or a schedule.

    Returns:
        A `Diagnosis`. Its `rate` is a tenth of the largest rate if the run diverged, a third if it oscillates, five
        times as much if it crawls, ten times if it never fell, and a tenth of the last rate on a plateau.

    Raises:
        ValueError: `losses` is not one-dimensional or has fewer than 20; `rate` is negative, 0 throughout, not finite
            or of another length.
        TypeError: `losses` is traced or not numeric, or `rate` is neither a number nor an array nor a schedule.

    Examples:
        >>> steps = np.arange(200)
        >>> found = jaxsched.search.diagnose(2.0 - 0.001 * steps, rate=0.125)
        >>> found.kind, found.rate
        ('crawls', 0.625)
        >>> jaxsched.search.diagnose(np.exp(-steps / 5), rate=0.125).remedy
        'The loss fell and is flat now: decay the rate now, by ten say, or stop.'

    Reference:
        The remedies are folklore, for instance Bengio 2012, arXiv:1206.5533, section 3.1.1, and Smith 2018,
        arXiv:1803.09820. The rule, with its numbers, is this library's own.
    """
    y = _losses(losses)
    rates = _rates(rate, y.size)
    if not np.all(np.isfinite(y)):
        return _diagnosis("diverged", rates, np.nan, np.nan, 0.0, 0.0)
    # What is below the rounding of float32 is neither fall nor noise, though the loss be held in more digits by now.
    rounding = float(np.max(np.abs(y))) * ROUNDING
    # A power of 2 scales exactly, and keeps the squares of what follows from overflowing.
    scale = 2.0 ** np.ceil(np.log2(float(np.max(np.abs(y / 2 - y[0] / 2))) or 1.0))
    kind, drop, noise, pace, swing = _judged((y / scale - y[0] / scale) / 2, rates, rounding / scale / 2)
    return _diagnosis(kind, rates, drop * scale * 2, noise * scale * 2, pace, swing)


def _diagnosis(kind: Any, rates: np.ndarray, drop: float, noise: float, pace: float, swing: float) -> Diagnosis:
    largest, last = float(np.max(rates)), float(rates[-1])
    faster = largest * (5 if pace else 10)
    suggested = {"diverged": largest / 10, "oscillates": largest / 3, "crawls": faster, "plateau": last / 10}
    return Diagnosis(kind, ADVICE[kind], suggested.get(kind), float(drop), float(noise), float(pace), swing)


def _judged(y: np.ndarray, rates: np.ndarray, rounding: float) -> tuple[str, float, float, float, float]:
    """The kind and the numbers of a `Diagnosis`, of finite losses."""
    n = y.size
    time = np.cumsum(rates / np.max(rates))
    # A third of the time may hold few losses where the rate is large.
    first = int(np.clip(np.searchsorted(time, time[-1] / 3), 3, n - 6))
    second = int(np.clip(np.searchsorted(time, time[-1] * 2 / 3), first + 3, n - 3))
    (high, n1), (middle, n2), (low, n3) = (_median(y[i:j]) for i, j in ((0, first), (first, second), (second, n)))
    lengths = [3 * 2**i for i in range(n.bit_length()) if 3 * 2**i <= n // 3]
    heads, tails = [_median(y[:k])[0] for k in lengths], [_median(y[-k:])[0] for k in lengths]

    noise = 1.4826 * float(np.median(np.abs(np.diff(y, 2)))) / np.sqrt(6)
    white = max(noise, rounding)
    wide = _correlation(y, white)
    error = lambda a, b, wide=wide: 1.2533 * wide * white * np.sqrt(1 / a + 1 / b)  # noqa: E731
    drop = max(high, *heads) - low
    fell = high - low > 3.5 * error(n1, n3)
    fell_at_once = any(h - low > 4.5 * error(k, n3) for h, k in zip(heads, lengths, strict=True))
    pace = (middle - low) / (high - low) if fell else 0.0
    swing, deviation = _swing(y[n // 3 :])

    narrow = min(wide, max(2.0, n / 30))
    for h, t, k in zip(heads, tails, lengths, strict=True):
        if t - h > 6 * error(k, k, narrow) and t - high > 6 * error(k, n1, narrow):
            return "diverged", drop, noise, pace, swing
    best = min(high, middle)
    climbed = low - best > max(6 * error(n2, n3), (max(high, *heads) - best) / 3)
    if climbed or (swing > 0 and deviation > max(0.15 * drop, 2 * rounding)):
        kind = "oscillates"
    elif pace > 0.42 or not (fell or fell_at_once):
        kind = "crawls"
    elif pace < 0.05 or middle - low < min(0.05 * drop, 3 * error(n2, n3)):
        kind = "plateau"
    else:
        kind = "healthy"
    return kind, drop, noise, pace, swing


def _median(x: np.ndarray) -> tuple[float, int]:
    return float(np.median(x)), x.size


def _correlation(y: np.ndarray, white: float) -> float:
    """How much more the medians of blocks vary, about a straight line, than they would by white noise; at least 1."""
    late = y[y.size // 3 :]
    count = int(np.clip(late.size // 4, 5, 16))
    if white == 0.0 or late.size < 3 * count:
        return 1.0
    curved = np.diff([np.median(block) for block in np.array_split(late, count)], 2)
    expected = 1.2533 * white * np.sqrt(count / late.size)
    return max(1.0, 1.4826 * float(np.median(np.abs(curved))) / np.sqrt(6) / expected)


def _swing(late: np.ndarray) -> tuple[float, float]:
    """How regular the ups and downs about a parabola are, 0 if they may be noise, and their deviation."""
    n, x = late.size, np.linspace(-1, 1, late.size)
    rest = late - np.polynomial.polynomial.polyval(x, np.polynomial.polynomial.polyfit(x, late, 2))
    squares = float(np.sum(rest**2))
    if squares < 1e-30:  # what is left of a parabola
        return 0.0, 0.0
    power = np.abs(np.fft.rfft(rest, 2 * n)) ** 2
    alike = np.fft.irfft(power)[:n] / squares  # the autocorrelation
    least = max(0.45, 2.5 / np.sqrt(n))
    after = np.flatnonzero(alike < 0)[:1].sum()  # a period ends after the first lag at which ups meet downs
    periodic = float(np.max(alike[max(after, 2) : n // 3 + 1], initial=0.0))
    alternating = float(-alike[1])
    found = [x for x, bound in ((periodic, least), (alternating, max(0.35, 2.5 / np.sqrt(n)))) if x > bound]
    return max(found, default=0.0), float(np.sqrt(squares / n))


def _losses(losses: Any) -> np.ndarray:
    if hasattr(losses, "suggest"):
        raise TypeError(
            "`losses` must be those of one rate: got a range test. Ask it itself: `suggest()`, `bracket()`."
        )
    if is_traced(losses):
        raise TypeError("`losses` must be known numbers: got a traced array. Diagnose outside of `jax.jit`.")
    try:
        y = np.asarray(losses)
        y = y if y.dtype == object or np.iscomplexobj(y) else y.astype(np.float64)
    except (TypeError, ValueError):
        y = np.empty(0, object)
    if y.dtype != np.float64:
        raise TypeError(f"`losses` must be real numbers: got {shown(losses)}. Pass an array.")
    if y.ndim != 1:
        raise ValueError(f"`losses` must be one-dimensional: got shape {y.shape}. Pass those of one run.")
    if y.size < FEWEST:
        raise ValueError(f"`losses` must be at least {FEWEST}: got {y.size}. Run some more steps.")
    return y


def _rates(rate: Any, n: int) -> np.ndarray:
    if is_traced(rate):
        raise TypeError("`rate` must be known: got a traced array. Diagnose outside of `jax.jit`.")
    if is_sequence(rate) or isinstance(rate, (int, float)) or hasattr(rate, "dtype"):
        rates = np.asarray(checker(js.Numeric)("rate", rate), np.float64)
    else:
        rates = np.asarray(checker(js.ScheduleLike)("rate", rate)(np.arange(n)), np.float64)
    if rates.shape not in ((), (n,)):
        raise ValueError(f"`rate` must be one number, or one for each of the {n} losses: got shape {rates.shape}.")
    if not np.all(np.isfinite(rates)) or np.any(rates < 0) or not np.any(rates > 0):
        raise ValueError(f"`rate` must be positive, or 0 at some steps: got {shown(rate)}. Pass the one that was used.")
    return np.broadcast_to(rates, n)
