"""The command line: reads words, and calls what does the work."""
