"""A module that cannot be imported."""
raise RuntimeError("not on my watch")
