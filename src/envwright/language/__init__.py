"""The language: from the text of a file to checked values, each with its place."""
