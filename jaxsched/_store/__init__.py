"""Many schedules as one, and schedules as plain data."""
