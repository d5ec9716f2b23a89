"""`resume_at`: a run that goes on with another batch."""

from jaxsched._combinators.clocks import Advance, Delay
from jaxsched._core.kinds import checked
from jaxsched._core.schedule import Schedule, ScheduleLike, as_schedule
from jaxsched._core.words import renamed, shown
from jaxsched._recipes.units import Run


@checked
def resume_at(schedule: ScheduleLike, tokens: float, old_run: Run, new_run: Run) -> Schedule:
    r"""A schedule in steps of a new batch, for a state that has counted steps of the old: $v(t) = s(t - a + b)$.

    The steps a are those in which the old run sees `tokens`, and b those in which the new run would have seen them. So
    the run goes on where the new schedule is at these tokens, and ends at its last token; where both schedules say the
    same of each token, nothing jumps. Before a, which is over, the value means nothing.

    Args:
        schedule: what the run would follow from its first token on with the new batch, its lengths by `new_run`.
        tokens: tokens that were seen until the checkpoint, at least 0.
        old_run: the run until then, with its `batch_size` and `sequence_length`.
        new_run: the run from then on, likewise. To count samples, let both have a `sequence_length` of 1.

    Raises:
        ValueError: `tokens` is negative or not finite, or a run does not know its batch or sequence length.
        TypeError: `schedule` is no schedule, or a run is none.

    Examples:
        >>> old, new = (jaxsched.Run(batch_size=n, sequence_length=1_024) for n in (256, 512))
        >>> before, after = (jaxsched.Linear(1.0, 0.0, steps=run.tokens(2_097_152_000)) for run in (old, new))
        >>> lr = jaxsched.resume_at(after, old.tokens_seen(5_000), old, new)
        >>> round(float(before(5_000)), 4), round(float(lr(5_000)), 4), round(float(lr(5_100)), 4)
        (0.375, 0.375, 0.35)
    """
    for name, run in (("old_run", old_run), ("new_run", new_run)):
        if not isinstance(run, Run):
            raise TypeError(
                f"`{name}` must be a Run: got {shown(run)}. Write `Run(batch_size=..., sequence_length=...)`."
            )
    with renamed({"count": "tokens"}):
        ahead = new_run.tokens(tokens) - old_run.tokens(tokens)
    return Advance(as_schedule(schedule), ahead) if ahead > 0 else Delay(as_schedule(schedule), -ahead)
