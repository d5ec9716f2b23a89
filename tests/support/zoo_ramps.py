"""Examples of the ramps."""

import dataclasses

import jaxsched as js
from support import reference as ref
from support.zoo_entry import END, PEAK, Entry, entry, ramp


def bend(x):
    """A user's own shape: the weight of the start at `x` of the way."""
    return 1 - x * x * (3 - 2 * x)


class Own(js.Ramp):
    """A user's own ramp, whose weights are not those of its ends there."""

    def weights(self, x, rest):
        return 2 * rest / (1 + rest) + (x == 0), x / (1 + rest) + (rest == 0)


def ramps(n: int) -> list[Entry]:
    return [
        ramp(js.Linear, "", ref.linear, PEAK, END, n),
        dataclasses.replace(ramp(Own, "", ref.rex, PEAK, END, n), covers=("Ramp",)),
        ramp(js.Linear, "-up", ref.linear, 0.0, 1e-3, n),
        ramp(js.Linear, "-through-zero", ref.linear, 1e-3, -5e-4, n, crosses=True),
        ramp(js.Linear, "-float-steps", ref.linear, PEAK, 0.0, float(n)),
        ramp(js.Cosine, "", ref.cosine, PEAK, END, n),
        ramp(js.Cosine, "-to-zero", ref.cosine, PEAK, 0.0, n),
        ramp(js.Cosine, "-negative", ref.cosine, -1e-3, -0.1, n),
        ramp(js.Cosine, "-float-steps", ref.cosine, PEAK, END, float(n)),
        ramp(js.Polynomial, "", ref.polynomial, 1e-3, 0.0, n),
        ramp(js.Polynomial, "-square", ref.polynomial, 1e-3, 1e-5, n, more=(2.0,)),
        ramp(js.Polynomial, "-root", ref.polynomial, 1e-3, 0.0, n, more=(0.5,)),
        ramp(js.Polynomial, "-up", ref.polynomial, 0.0, 1e-3, n, more=(3.5,)),
        ramp(js.Geometric, "", ref.geometric, 1e-3, 1e-6, n),
        ramp(js.Geometric, "-range-test", ref.geometric, 1e-7, 10.0, n),
        ramp(js.Inverse, "", ref.inverse, 1e-3, 1e-5, n),
        ramp(js.Inverse, "-up", ref.inverse, 1e-5, 1e-3, n),
        ramp(js.Logarithmic, "", ref.logarithmic, 0.0, 1e-3, n),
        ramp(js.Logarithmic, "-down", ref.logarithmic, 1e-3, 1e-4, n),
        ramp(js.ElapsedPower, "", ref.elapsed_power, PEAK, 0.0, n),
        ramp(js.ElapsedPower, "-square", ref.elapsed_power, PEAK, END, n, more=(2.0,)),
        ramp(js.MirrorCosine, "", ref.mirror_cosine, PEAK, 0.0, n),
        ramp(js.ExponentialRamp, "", ref.exponential_ramp, PEAK, 0.0, n),
        ramp(js.ExponentialRamp, "-tenth", ref.exponential_ramp, PEAK, END, n, more=(0.1,)),
        ramp(js.ExponentialRamp, "-straight", ref.exponential_ramp, PEAK, 0.0, n, more=(1.0,)),
        ramp(js.ExponentialRamp, "-late", ref.exponential_ramp, 0.0, PEAK, n, more=(20.0,)),
        ramp(js.Tanh, "", ref.tanh, PEAK, END, n),
        ramp(js.Tanh, "-short", ref.tanh, PEAK, 0.0, n, more=(-4.0, 4.0)),
        ramp(js.Rex, "", ref.rex, PEAK, 0.0, n),
        ramp(js.TimePowerCosine, "", ref.time_power_cosine, PEAK, 0.0, n, more=(2.0,)),
        ramp(js.TimePowerCosine, "-early", ref.time_power_cosine, PEAK, END, n, more=(0.5,)),
        ramp(js.ValuePowerCosine, "", ref.value_power_cosine, PEAK, 0.0, n, more=(2.0,)),
        ramp(js.ValuePowerCosine, "-root", ref.value_power_cosine, PEAK, END, n, more=(0.5,)),
        entry(
            "StretchingPolynomial",
            lambda: js.StretchingPolynomial(PEAK, END, steps=n, power=2.0),
            "StretchingPolynomial",
            ref.stretching_polynomial(PEAK, END, n, 2.0),
            n + 20,
            boundaries=(n, 2 * n),
            exact=((0, PEAK), (n, END)),
        ),
        entry(
            "Shaped",
            lambda: js.Shaped(PEAK, END, steps=n, remaining=bend),
            "Shaped",
            ref.ramp(bend, PEAK, END, n),
            n + 8,
            boundaries=(n,),
            exact=((0, PEAK),),
            flat=(n, END),
            monotone=True,
        ),
        entry(
            "Linear-no-steps",
            lambda: js.Linear(PEAK, END, steps=0),
            "Linear",
            ref.linear(PEAK, END, 0),
            20,
            flat=(0, END),
            monotone=True,
        ),
    ]
