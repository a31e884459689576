"""The environments to use, and the presets to extend: `extends: preset:NAME` finds them here."""
