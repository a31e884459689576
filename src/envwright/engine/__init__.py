"""One machine: plan, apply, verify."""
