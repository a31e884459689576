"""The words for the Windows side."""
