"""The table of examples is complete, and would say so if it were not."""

import inspect

from support.zoo import LONG, ZOO, missing, nodes, public, public_schedules


def test_every_public_schedule_has_an_example():
    assert missing(ZOO, public_schedules()) == set()


def test_a_missing_example_is_noticed():
    without = [entry for entry in ZOO if "noam" not in entry.covers and "Rex" not in entry.covers]
    assert missing(without, public_schedules()) == {"noam", "Rex"}
    assert {"Linear", "Warmup", "warmup", "as_schedule", "sgdr", "Schedule"} <= public_schedules()
    assert not {"stack", "to_dict", "Run", "Numeric"} & public_schedules()


def test_nothing_is_covered_that_does_not_exist():
    assert {name for entry in ZOO for name in entry.covers} <= public_schedules()


def test_names_are_test_ids():
    names = [entry.name for entry in ZOO]
    assert len(set(names)) == len(names)
    assert all([entry.name for entry in long] == names for long in LONG.values())


def test_a_class_that_is_covered_occurs_in_the_schedule():
    for entry in ZOO:
        kinds = {type(node) for node in nodes(entry.make())}
        classes = [x for x in (public()[name] for name in entry.covers) if inspect.isclass(x)]
        assert all(any(issubclass(kind, cls) for kind in kinds) for cls in classes), entry.name


def test_the_examples_are_sensible():
    for entry in ZOO:
        assert 0 < entry.span <= 64 and entry.start != 0 and entry.scale > 0, entry.name
        assert all(0 <= step <= entry.last for step in entry.boundaries), entry.name
