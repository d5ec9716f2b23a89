"""A hook of MkDocs, for griffe, which looks at what is inside of a decorator.

Methods say that they live where their public class lives, and functions of `compat` have the docstring of the whole.
"""

import inspect
import re

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
        jaxsched.foresight,
    )
    for cls in [x for room in rooms for x in vars(room).values() if inspect.isclass(x)]:
        for method in vars(cls).values():
            if inspect.isfunction(method):
                method.__module__ = inspect.unwrap(method).__module__ = cls.__module__
    for room in [getattr(jaxsched.compat, name) for name in jaxsched.compat.FRAMEWORKS]:
        for function in filter(inspect.isfunction, vars(room).values()):
            inspect.unwrap(function).__doc__ = function.__doc__


INNER = re.compile(
    '(<span class="n">jax</span><span class="o">.</span>)?<span class="n">jaxlib</span>.{1,60}>_jax</span>'
)
"""Where JAX says that `jax.Array` lives."""


def on_page_content(html: str, **_: object) -> str:
    return INNER.sub('<span class="n">jax</span>', html)
