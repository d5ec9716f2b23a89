"""Running trainings to choose a schedule."""
