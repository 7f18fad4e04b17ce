"""A control whose clean-up fails."""


def cleanup_control():
    raise RuntimeError("cannot clean up")
