"""A schedule from a configuration, and back: OmegaConf, Hydra, ml_collections, gin, fiddle, draccus, tyro.

    pip install -e '.[examples]' && python examples/configs.py

In a configuration a schedule is a mapping from its name to its arguments, which may hold others; `from_config` reads it
in any of these libraries' containers, and runs no code. `to_dict` is the way back: data that each of them can keep, and
that `from_config` reads, too. Copy the part of your library; what is not installed is skipped.
"""

import dataclasses
import json
from typing import Any, Literal

import jaxsched


def with_omegaconf():
    from omegaconf import OmegaConf

    config = OmegaConf.create("""
        total: 1000
        rate:
          warmup_cosine: {peak: 3e-4, warmup: 100, total: '${total}'}
    """)
    rate = jaxsched.from_config(config.rate)
    text = OmegaConf.to_yaml(OmegaConf.create({"rate": jaxsched.to_dict(rate)}))  # what a run would save
    return rate, jaxsched.from_config(OmegaConf.create(text).rate)


def with_hydra():
    from hydra.utils import instantiate
    from omegaconf import OmegaConf

    config = OmegaConf.create("""
        _target_: jaxsched.join
        schedules:
          - {_target_: jaxsched.warmup_linear, peak: 3e-4, warmup: 100, total: 900}
          - {_target_: jaxsched.Constant, value: 1e-5}
        boundaries: [900]
    """)
    rate = instantiate(config)
    return rate, instantiate({"_target_": "jaxsched.from_config", "data": jaxsched.to_dict(rate)})


def with_ml_collections():
    from ml_collections import ConfigDict

    config: Any = ConfigDict({"rate": {"wsd": {"peak": 3e-4, "warmup": 100, "stable": 700, "decay": 200}}})
    config.rate.wsd.shape = "1-sqrt"  # as `--config.rate.wsd.shape=1-sqrt` would
    rate = jaxsched.from_config(config.rate)
    config.rate = jaxsched.to_dict(rate)
    return rate, jaxsched.from_config(ConfigDict(json.loads(config.to_json_best_effort())).rate)


def with_gin():
    import gin

    @gin.configurable
    def train(rate):
        return jaxsched.from_config(rate)

    gin.parse_config("train.rate = {'warmup_cosine': {'peak': 3e-4, 'warmup': 100, 'total': 1000}}")
    rate: Any = train()  # pyright: ignore[reportCallIssue] (gin passes the argument)
    gin.bind_parameter("train.rate", jaxsched.to_dict(rate))
    text = gin.config_str()
    gin.clear_config()
    gin.parse_config(text)
    again = train()  # pyright: ignore[reportCallIssue]
    gin.clear_config()
    return rate, again


def with_fiddle():
    import fiddle
    from fiddle.experimental import serialization

    config: Any = fiddle.Config(
        jaxsched.warmup, fiddle.Config(jaxsched.Cosine, start=1e-3, end=0.0, steps=900), steps=100
    )
    config.schedule.start = 3e-4
    rate: Any = fiddle.build(config)
    text = serialization.dump_json(fiddle.Config(jaxsched.from_config, jaxsched.to_dict(rate)))
    return rate, fiddle.build(serialization.load_json(text))


# What makes a command line of a dataclass wants fields of plain types: give it a dataclass of your own.


@dataclasses.dataclass
class Rate:
    """The learning rate."""

    schedule: Literal["warmup_cosine", "warmup_linear"] = "warmup_cosine"
    peak: float = 1e-3
    warmup: int = 100
    total: int = 1000

    def build(self) -> jaxsched.Schedule:
        arguments = dataclasses.asdict(self)
        return jaxsched.from_config({arguments.pop("schedule"): arguments})


@dataclasses.dataclass
class Training:
    rate: Rate = dataclasses.field(default_factory=Rate)


def with_draccus():
    import draccus

    config = draccus.parse(config_class=Training, args=["--rate.peak", "3e-4", "--rate.schedule", "warmup_linear"])
    again = draccus.decode(Training, json.loads(json.dumps(draccus.encode(config))))
    return config.rate.build(), again.rate.build()


def with_tyro():
    import tyro

    config = tyro.cli(Training, args=["--rate.peak", "3e-4"])
    again = Rate(**json.loads(json.dumps(dataclasses.asdict(config.rate))))
    return config.rate.build(), again.build()


def with_tyro_and_the_recipe_itself():
    import tyro

    registry = tyro.constructors.ConstructorRegistry()

    @registry.primitive_rule
    def kinds_of_numbers(info):  # so that tyro reads the annotations of every recipe: `Level`, `Count` and so on
        if not isinstance(info.type, jaxsched.kinds.Kind):
            return None
        return tyro.constructors.PrimitiveConstructorSpec(
            nargs=1,
            metavar="NUMBER",
            instance_from_str=lambda words: json.loads(words[0]),  # 100 is an int, and 1e-3 a float
            is_instance=lambda x: isinstance(x, (int, float)),
            str_from_instance=lambda x: [json.dumps(x)],
        )

    with registry:
        rate = tyro.cli(jaxsched.warmup_cosine, args=["--peak", "3e-4", "--warmup", "100", "--total", "1000"])
    return rate, jaxsched.from_dict(json.loads(json.dumps(jaxsched.to_dict(rate))))


def main():
    parts = [x for name, x in globals().items() if name.startswith("with_")]
    for part in parts:
        library = part.__name__.removeprefix("with_").replace("_", " ")
        try:
            rate, again = part()
        except ModuleNotFoundError as error:
            print(f"{library}: skipped, {error}")
            continue
        assert again == rate
        print(f"{library}: {rate}")


if __name__ == "__main__":
    main()
