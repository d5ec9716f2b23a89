"""Every function of `jaxsched.compat` against the real packages that are installed, on configurations drawn anew."""

import importlib

import numpy as np
import pytest
from support.compat import comparison
from support.short import exhaustive

SEED = 1
"""Not that of the recorded cases."""


@exhaustive
@pytest.mark.parametrize("framework", comparison.FRAMEWORKS)
def test_equals_the_installed_package(framework):
    try:
        live = importlib.import_module(f"support.compat.{framework}_live")
        live.version()
    except ImportError as error:
        pytest.skip(f"needs {framework}: {error}")
    cases = importlib.import_module(f"support.compat.{framework}_cases").cases(SEED)
    cases, wrong = [case for case in cases if not case.differs], []
    for case in cases:
        want = np.array(live.values(case))
        for wide, allowed in ((False, comparison.ALLOWED), (True, case.tolerance)):
            error = np.max(comparison.errors(comparison.values(framework, case, wide), want))
            if error > allowed:
                wrong.append(f"{error:.2g} {'x64' if wide else 'float32'} {case}")
    assert not wrong, "\n".join(wrong)
