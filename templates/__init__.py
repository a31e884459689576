"""The templates that capabilities render, named <capability>.<file>.j2."""
