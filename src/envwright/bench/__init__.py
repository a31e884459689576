"""Figures of a machine, measured where somebody asks for them: how fast its file systems are."""
