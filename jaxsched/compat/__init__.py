"""Other frameworks' schedules by their own names: one module a framework, which it does not import.

    from jaxsched.compat import torch as lr_scheduler  # then `lr_scheduler.StepLR(0.1, step_size=30)`, and so on

Values are those of the real package at every step, but for the defects that each module lists. Frameworks without a
module of their own are in the documentation's page of translations. The way back is `torch.to_scheduler` and
`keras.to_schedule`, which alone import their framework, when they are called.
"""

from typing import TYPE_CHECKING

from jaxsched.compat._t5x import compound as compound
from jaxsched.compat._t5x import factors as factors

FRAMEWORKS = ("keras", "optax", "paddle", "tensorflow", "timm", "torch", "transformers")

if TYPE_CHECKING:
    from jaxsched.compat import keras as keras
    from jaxsched.compat import optax as optax
    from jaxsched.compat import paddle as paddle
    from jaxsched.compat import tensorflow as tensorflow
    from jaxsched.compat import timm as timm
    from jaxsched.compat import torch as torch
    from jaxsched.compat import transformers as transformers
else:

    def __dir__() -> list[str]:
        return ["compound", "factors", *FRAMEWORKS]

    def __getattr__(name: str) -> object:
        """A framework's module, when it is first asked for."""
        import importlib

        from jaxsched.compat._foreign import did_you_mean

        if name in FRAMEWORKS:
            return importlib.import_module(f"{__name__}.{name}")
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}. {did_you_mean(name, __dir__())}".rstrip())
