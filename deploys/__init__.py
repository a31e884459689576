"""What can be provisioned: one file is one capability, found by its presence here."""
