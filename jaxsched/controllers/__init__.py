"""Schedules that react to a metric. Everything public is re-exported by `jaxsched`."""
