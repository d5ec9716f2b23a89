"""Schedules that have a class of their own in `jaxsched.compat` are stored like all others."""

import json
import subprocess
import sys

import jaxsched as js
from jaxsched.compat import timm, torch, transformers

OWN = [
    transformers.get_scheduler("cosine", 1.0, 3, 10, {"num_cycles": 0.7}),
    timm.TanhLRScheduler(1.0, 10),
    timm.PolyLRScheduler(1.0, 10, k_decay=2.0),
    torch.CosineAnnealingLR(0.1, 7.3),
    torch.ChainedScheduler(0.1, [torch.LinearLR(0.1, 0.1), torch.CosineAnnealingLR(0.1, 10, 0.01)]),
]

READ = """
import json, sys, jaxsched
print(json.dumps([float(jaxsched.from_dict(each)(4)) for each in json.load(sys.stdin)]))
"""


def test_another_process_reads_them_without_importing_the_module():
    stored = json.dumps([js.to_dict(schedule) for schedule in OWN])
    assert stored.count('"compat.') >= len(OWN)
    done = subprocess.run([sys.executable, "-c", READ], input=stored, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [float(schedule(4)) for schedule in OWN]
