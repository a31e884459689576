"""The language: from the text of an environment to compiled resources."""
