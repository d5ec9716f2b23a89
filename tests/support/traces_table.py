"""What another framework's schedule is called here: a trace of the real package, and the line that equals it.

The names of the traces say framework, schedule and arguments; `traces/schedules.json` holds the values. Defects of the
other packages are in the traces on purpose: `traces_defects.py` says where we differ, what we give there, and why.
Frameworks that have no module in `jaxsched.compat` are in the table of translations, `compat/translations.py`.
"""

import functools
from collections.abc import Callable

import jaxsched as js

Make = Callable[[], js.Schedule]

WSD_HF = 'hf/warmup_stable_decay(W={},T=30,{{"num_decay_steps": 10, "decay_type": "{}", "warmup_type": "{}", '
WSD_HF += '"min_lr_ratio": 0.1}})'


def hf_wsd(warmup: int, shape: str, warmup_shape: str) -> tuple[str, Make]:
    lengths = {"warmup": warmup, "stable": 20 - warmup, "decay": 10}
    make = lambda: js.wsd(1.0, **lengths, end=0.1, start=0.1, shape=shape, warmup_shape=warmup_shape)  # noqa: E731
    return WSD_HF.format(warmup, shape, warmup_shape), make


TORCH: dict[str, Make] = {
    "torch/MultiStepLR([10,10,25],0.5)": lambda: js.multistep_decay(1.0, 0.5, [10, 10, 25]),
    "torch/LinearLR(1/3,1,5)": lambda: js.Linear(1 / 3, 1.0, steps=5),
    "torch/CosineAnnealingLR(20,0.05)": lambda: js.Cosine(1.0, 0.05, steps=20),
    "torch/CosineAnnealingWarmRestarts(5,2,0.01)": lambda: js.sgdr(1.0, 5, growth=2, end=0.01),
    "torch/CosineAnnealingWarmRestarts(7,1)": lambda: js.sgdr(1.0, 7),
    "torch/CyclicLR(0.1,1,4,6,triangular2,gamma=0.98)": lambda: js.cyclic(0.1, 1.0, 4, 6, "triangular2"),
    "torch/CyclicLR(0.1,1,4,6,exp_range,gamma=0.98)": lambda: js.cyclic(0.1, 1.0, 4, 6, "exp_range", 0.98),
    # OneCycleLR ends at step N - 1 and peaks at step pct * N - 1.
    "torch/OneCycleLR(1,N=50,cos,three_phase=False)": lambda: js.one_cycle(1.0, 49, warmup=14),
    "torch/OneCycleLR(1,N=50,cos,three_phase=True)": lambda: js.one_cycle(1.0, 49, warmup=14, three_phase=True),
    "torch/OneCycleLR(1,N=50,linear,three_phase=False)": lambda: js.one_cycle(1.0, 49, warmup=14, shape="linear"),
    "torch/OneCycleLR(1,N=50,linear,three_phase=True)": lambda: js.one_cycle(
        1.0, 49, warmup=14, shape="linear", three_phase=True
    ),
    "torch/SWALR(0.1,5,cos)": lambda: js.Cosine(1.0, 0.1, steps=5),
    "torch/SWALR(0.1,5,linear)": lambda: js.Linear(1.0, 0.1, steps=5),
    "torch/Sequential(LinearLR(.01,1,5)|Cosine(20,0)@5)": lambda: js.warmup(
        js.Cosine(1.0, 0.0, steps=20), 5, start=0.01
    ),
    "torch/Sequential(Const(.1,20)|Exp(.9)@20)": lambda: js.join([0.1, js.exponential_decay(1.0, 0.9)], [20]),
}

HUGGING_FACE: dict[str, Make] = {
    "hf/linear(W=5,T=30,{})": lambda: js.warmup_linear(1.0, 5, 30),
    "hf/cosine(W=0,T=30,{})": lambda: js.warmup_cosine(1.0, 0, 30),
    "hf/cosine(W=5,T=30,{})": lambda: js.warmup_cosine(1.0, 5, 30),
    'hf/cosine_with_restarts(W=5,T=30,{"num_cycles": 3})': lambda: js.warmup(js.sgdr(1.0, [25 / 3] * 3), 5),
    'hf/polynomial(W=0,T=30,{"power": 2.0, "lr_end": 0.01})': lambda: js.Polynomial(1.0, 0.01, steps=30, power=2.0),
    'hf/polynomial(W=5,T=30,{"power": 2.0, "lr_end": 0.01})': lambda: js.warmup(
        js.Polynomial(1.0, 0.01, steps=25, power=2.0), 5
    ),
    "hf/constant_with_warmup(W=0,T=30,{})": lambda: js.warmup(1.0, 0),
    "hf/inverse_sqrt(W=0,T=30,{})": lambda: js.warmup_inverse_sqrt(1.0, 0),
    'hf/cosine_with_min_lr(W=0,T=30,{"min_lr": 0.1})': lambda: js.warmup_cosine(1.0, 0, 30, end=0.1),
    # One step ahead of its siblings: the first update is not at the warmup's foot, and the last is at the end.
    'hf/cosine_warmup_with_min_lr(W=0,T=30,{"min_lr": 0.1})': lambda: js.advance(
        js.warmup_cosine(1.0, 0, 30, end=0.1), 1
    ),
    **dict([hf_wsd(0, "linear", "cosine"), hf_wsd(0, "linear", "1-sqrt"), hf_wsd(0, "cosine", "linear")]),
    **dict([hf_wsd(0, "1-sqrt", "cosine"), hf_wsd(0, "1-sqrt", "1-sqrt"), hf_wsd(5, "linear", "cosine")]),
    **dict([hf_wsd(5, "linear", "1-sqrt"), hf_wsd(5, "cosine", "cosine"), hf_wsd(5, "cosine", "1-sqrt")]),
    **dict([hf_wsd(5, "1-sqrt", "linear"), hf_wsd(5, "1-sqrt", "cosine"), hf_wsd(5, "1-sqrt", "1-sqrt")]),
}

TIMM_WSD = "timm/wsd(20,decay_t=8,lr_min=.05,warmup_t=3,decay_fn={})"


def timm_wsd(shape: str | Callable[..., js.Schedule]) -> Make:
    return lambda: js.wsd(1.0, warmup=3, stable=12, decay=8, end=0.05, shape=shape)


TIMM: dict[str, Make] = {
    # Without warmup_prefix the decay's clock runs during the warmup.
    "timm/step(5,.5,warmup_t=3,prefix=False)": lambda: js.warmup(js.advance(js.step_decay(1.0, 0.5, 5), 3), 3),
    "timm/step(5,.5,warmup_t=3,prefix=True)": lambda: js.warmup(js.step_decay(1.0, 0.5, 5), 3),
    "timm/poly(20,power=.9,lr_min=.05,warmup_t=4,prefix=True)": lambda: js.warmup(
        js.Polynomial(1.0, 0.05, steps=20, power=0.9), 4
    ),
    "timm/cosine(5,lr_min=.01,cycle_mul=2,cycle_decay=.5,cycle_limit=3)": lambda: js.sgdr(
        1.0, [5, 10, 20], decay=0.5, end=0.01
    ),
    "timm/cosine(20,k_decay=1.5)": lambda: js.TimePowerCosine(1.0, 0.0, steps=20, power=1.5),
    TIMM_WSD.format("linear"): timm_wsd("linear"),
    TIMM_WSD.format("1-sqrt"): timm_wsd("1-sqrt"),
    TIMM_WSD.format("cosine"): timm_wsd("cosine"),
    TIMM_WSD.format("power"): timm_wsd(functools.partial(js.ElapsedPower, power=0.5)),
    TIMM_WSD.format("exp"): timm_wsd(functools.partial(js.ExponentialRamp, base=0.1)),
    "timm/wsd(20,decay_t=8,stable=rsqrt,ts=5,linear)": lambda: (
        js.InverseSqrt(1.0, 5) * js.delay(js.Linear(1.0, 0.0, steps=8), 12)
    ),
}

PADDLE: dict[str, Make] = {
    "paddle/NoamDecay(512,10,1)": lambda: js.noam(512, 10),
    "paddle/PiecewiseDecay([5,12],[1,.5,.1])": lambda: js.piecewise_constant([5, 12], [1.0, 0.5, 0.1]),
    "paddle/InverseTimeDecay(1,.1)": lambda: js.inverse_time_decay(1.0, 0.1),
    "paddle/PolynomialDecay(1,8,.1,2,cycle=False)": lambda: js.Polynomial(1.0, 0.1, steps=8, power=2.0),
    "paddle/LinearWarmup(Cosine(1,20,.05),5,.1,1)": lambda: js.warmup(js.Cosine(1.0, 0.05, steps=20), 5, start=0.1),
    "paddle/MultiStepDecay(1,[5,12],.5)": lambda: js.multistep_decay(1.0, 0.5, [5, 12]),
    "paddle/StepDecay(1,5,.5)": lambda: js.step_decay(1.0, 0.5, 5),
    # The end is an absolute 1e-4, which is the start's 1 / 25 over 400.
    "paddle/OneCycleLR(1,50,three_phase)": lambda: js.one_cycle(1.0, 49, warmup=14, three_phase=True, final_div=400),
    "paddle/CyclicLR(.1,1,4,6)": lambda: js.cyclic(0.1, 1.0, 4, 6),
    "paddle/LinearLR(1,5)": lambda: js.Linear(1 / 3, 1.0, steps=5),
    "paddle/CosineAnnealingWarmRestarts(1,5,2,.01)": lambda: js.sgdr(1.0, 5, growth=2, end=0.01),
}

KERAS: dict[str, Make] = {
    "keras/InverseTimeDecay(1,5,.5,staircase=False)": lambda: js.inverse_time_decay(1.0, 0.5, 5),
    "keras/InverseTimeDecay(1,5,.5,staircase=True)": lambda: js.inverse_time_decay(1.0, 0.5, 5, staircase=True),
    "keras/ExponentialDecay(1,5,.5,staircase=True)": lambda: js.exponential_decay(1.0, 0.5, 5, staircase=True),
    "keras/PolynomialDecay(1,8,.1,2,cycle=False)": lambda: js.Polynomial(1.0, 0.1, steps=8, power=2.0),
    # Keras begins a value one step after its boundary.
    "keras/PiecewiseConstantDecay([5,12],[1,.5,.1])": lambda: js.piecewise_constant([6, 13], [1.0, 0.5, 0.1]),
    "keras/CosineDecay(1,20,alpha=.1)": lambda: js.Cosine(1.0, 0.1, steps=20),
    # The floor alpha is added to peaks of 1 - alpha, which alone decay.
    "keras/CosineDecayRestarts(1,5,1,.8,.1)": lambda: js.sgdr(0.9, 5, decay=0.8) + 0.1,
}

OPTAX: dict[str, Make] = {
    "optax/exp decay_rate 0": lambda: js.exponential_decay(1.0, 0.0),
    "optax/warmup_cosine W=0": lambda: js.warmup_cosine(1.0, 0, 4, end=0.1),
    "optax/warmup_cosine W=2,T=6": lambda: js.warmup_cosine(1.0, 2, 6, end=0.1),
    "optax/poly 4 p2 tb1": lambda: js.delay(js.Polynomial(1.0, 0.1, steps=4, power=2.0), 1),
    # Its scales multiply up: 0.5, then 0.5 * 0.1.
    "optax/pcs {2:.5,4:.1}": lambda: js.piecewise_constant([2, 4], [1.0, 0.5, 0.05]),
    "optax/pis cos": lambda: js.CosineInterpolated(values=[1.0, 0.5, 1.0], boundaries=[0, 2, 4]),
    "optax/lin1c 20": lambda: js.one_cycle(1.0, 20, warmup=6, down=11, three_phase=True, shape="linear"),
    # 30 % of two steps are cut to no step, where we round to one.
    "optax/cos1c 2": lambda: js.one_cycle(1.0, 2, warmup=0),
    "optax/cos1c pct1": lambda: js.one_cycle(1.0, 4, warmup=4),
    "optax/sgdr": lambda: js.cycle(js.warmup_cosine(1.0, 1, 3), [3, 3], decay=0.5),
    "optax/cosine exponent2": lambda: js.ValuePowerCosine(1.0, 0.1, steps=4, exponent=2.0),
}

VALUES: dict[str, Make] = {
    **TORCH,
    **HUGGING_FACE,
    **TIMM,
    **PADDLE,
    **KERAS,
    **OPTAX,
}

TWINS: dict[tuple[str, str], Make] = {
    ("torch/CyclicLR(0.1,1,4,6,triangular2,gamma=0.98)", "momentum"): lambda: js.cyclic_momentum(
        0.8, 0.9, 4, 6, "triangular2"
    ),
    ("torch/CyclicLR(0.1,1,4,6,exp_range,gamma=0.98)", "momentum"): lambda: js.cyclic_momentum(
        0.8, 0.9, 4, 6, "exp_range", 0.98
    ),
    ("torch/OneCycleLR(1,N=50,cos,three_phase=False)", "momentum"): lambda: js.one_cycle_momentum(
        0.85, 0.95, 49, warmup=14
    ),
    ("torch/OneCycleLR(1,N=50,cos,three_phase=True)", "momentum"): lambda: js.one_cycle_momentum(
        0.85, 0.95, 49, warmup=14, three_phase=True
    ),
    ("torch/OneCycleLR(1,N=50,linear,three_phase=False)", "momentum"): lambda: js.one_cycle_momentum(
        0.85, 0.95, 49, warmup=14, shape="linear"
    ),
    ("torch/OneCycleLR(1,N=50,linear,three_phase=True)", "momentum"): lambda: js.one_cycle_momentum(
        0.85, 0.95, 49, warmup=14, shape="linear", three_phase=True
    ),
}
"""The columns beside the rate: momentum at the same steps."""
