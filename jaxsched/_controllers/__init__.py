"""What reacts to a metric."""
