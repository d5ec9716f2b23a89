"""Trains with a schedule of ours in Keras, whose backend is chosen by the environment before its import.

KERAS_BACKEND=jax python keras_worker.py train FOLDER    # trains, checks, and leaves a model
KERAS_BACKEND=jax python keras_worker.py resume FOLDER   # goes on with it in a new process
"""

import logging
import pathlib
import sys

import keras
import numpy as np

import jaxsched as js
from jaxsched.compat.keras import from_config, register, to_schedule

SCHEDULE = js.warmup_cosine(0.5, warmup=5, total=40, end=0.125)
STEPS = 24


def fit(model, steps):
    """The weight after each of some steps. Its gradient is 1, so each step moves it by the rate."""
    weights = []

    class Record(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if hasattr(model, "jax_state_sync"):  # the weights are elsewhere while JAX trains
                model.jax_state_sync()
            weights.append(np.float32(keras.ops.convert_to_numpy(model.weights[0])[0, 0]))

    ones = np.ones((steps, 1), np.float32)
    model.fit(ones, ones, batch_size=1, verbose=0, shuffle=False, callbacks=[Record()])
    return weights


def expected(schedule, begin, steps, weight=0.0):
    weights = [np.float32(weight)]
    for step in range(begin, begin + steps):
        weights.append(np.float32(weights[-1] - np.float32(float(schedule(step)))))
    return weights[1:]


@keras.saving.register_keras_serializable(package="tests")
def mean_prediction(target, prediction):
    return keras.ops.mean(prediction)


def model_with(schedule, **compiled):
    dense = keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros")
    model = keras.Sequential([keras.layers.Input((1,)), dense])
    model.compile(keras.optimizers.SGD(to_schedule(schedule)), mean_prediction, **compiled)
    return model


def stored():
    """What Keras stores, and what comes back of it."""
    live = to_schedule(SCHEDULE)
    config = keras.optimizers.schedules.serialize(live)
    assert config["registered_name"] == "jaxsched>Schedule", config
    assert from_config(config) == from_config(live.get_config()) == SCHEDULE
    assert keras.optimizers.schedules.deserialize(config).schedule == SCHEDULE
    again = keras.optimizers.Adam.from_config(keras.optimizers.Adam(live).get_config())
    assert float(again.learning_rate) == float(SCHEDULE(0))
    steps = np.arange(50)
    assert np.array_equal(keras.ops.convert_to_numpy(live(steps)), np.asarray(SCHEDULE(steps)))
    try:
        to_schedule(lambda step: 0.5 / (step + 1)).get_config()
    except TypeError as error:
        assert "must be data" in str(error)
    else:
        raise AssertionError("a function is no data")


def endless():
    """A schedule that never ends: TensorFlow alone needs a length."""
    schedule = js.exponential_decay(0.5, 0.5, 8)
    wanted = expected(schedule, 0, STEPS)
    if keras.backend.backend() == "tensorflow":
        try:
            fit(model_with(schedule), STEPS)
        except ValueError as error:
            assert "jaxsched.tabulate(schedule, total)" in str(error)
        else:
            raise AssertionError("a table without an end")
        assert fit(model_with(js.tabulate(schedule, STEPS)), STEPS) == wanted
        assert fit(model_with(js.tabulate(schedule, STEPS), jit_compile=True), STEPS) == wanted
        assert fit(model_with(schedule, run_eagerly=True), STEPS) == wanted
    else:
        assert fit(model_with(schedule), STEPS) == wanted


def in_a_graph():
    """The values in a graph of TensorFlow, of which it says nothing."""
    import tensorflow

    said = []
    note = logging.Handler(logging.WARNING)
    note.emit = lambda record: said.append(record.getMessage())
    tensorflow.get_logger().addHandler(note)
    live = to_schedule(SCHEDULE)

    @tensorflow.function
    def values(steps):
        return live(steps)

    steps = np.arange(50)
    assert np.array_equal(values(tensorflow.constant(steps)).numpy(), np.asarray(SCHEDULE(steps)))
    with tensorflow.Graph().as_default(), tensorflow.compat.v1.Session() as session:
        assert session.run(live(tensorflow.constant(17))) == np.float32(SCHEDULE(17))
    assert said == [], said


def train(folder):
    stored()
    endless()
    if keras.backend.backend() == "tensorflow":
        in_a_graph()
    model = model_with(SCHEDULE)
    weights = fit(model, STEPS)
    assert weights == expected(SCHEDULE, 0, STEPS), weights
    model.save(folder / "model.keras")


def resume(folder):
    register()
    model = keras.saving.load_model(folder / "model.keras")
    begin = expected(SCHEDULE, 0, STEPS)[-1]
    assert fit(model, STEPS) == expected(SCHEDULE, STEPS, STEPS, begin)


if __name__ == "__main__":
    {"train": train, "resume": resume}[sys.argv[1]](pathlib.Path(sys.argv[2]))
    print(keras.backend.backend(), "done")
