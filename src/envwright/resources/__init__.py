"""The vocabulary of resources: one word is one file."""
