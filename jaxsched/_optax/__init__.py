"""What stands in the state of an optimizer."""
