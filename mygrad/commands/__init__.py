"""The commands of ``python -m mygrad``: ``check``, or without a command the ``demo``."""
