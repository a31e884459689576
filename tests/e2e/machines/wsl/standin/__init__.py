"""The stand-in for WSL's /init: Windows programs, wslpath and wslinfo. Runs in the machine only."""
