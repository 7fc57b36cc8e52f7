"""What the user got wrong."""


class Refusal(Exception):
    """Told in one line, with exit status 2: the thing, its value, what is allowed."""
