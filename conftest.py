"""What the examples in docstrings take for granted: `import jax, jaxsched` and `import numpy as np`."""

import jax
import numpy as np
import pytest

import jaxsched


@pytest.fixture(autouse=True)
def names_in_examples(doctest_namespace):
    doctest_namespace.update(jax=jax, jaxsched=jaxsched, np=np)
