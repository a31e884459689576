"""The resources on the Windows side of WSL."""
