"""Formulas of the step."""
