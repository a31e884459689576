"""Capture: reads an environment from a machine, and keeps what apply would leave as it is."""
