"""Published schedules by name, and the units of a run."""
