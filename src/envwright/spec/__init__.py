"""The language of environments: from the text of a file to compiled resources."""
