"""A hook of MkDocs: methods say that they live where their public class lives, since griffe looks for them there."""

import inspect

import jaxsched


def on_config(config: object) -> None:
    rooms = (
        jaxsched,
        jaxsched.nodes,
        jaxsched.states,
        jaxsched.kinds,
        jaxsched.numerics,
        jaxsched.search,
        jaxsched.show,
    )
    for cls in [x for room in rooms for x in vars(room).values() if inspect.isclass(x)]:
        for method in vars(cls).values():
            if inspect.isfunction(method):
                method.__module__ = inspect.unwrap(method).__module__ = cls.__module__
