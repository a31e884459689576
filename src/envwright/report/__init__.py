"""The output for persons and programs; no other room prints."""
