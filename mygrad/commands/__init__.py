"""The commands that ``python -m mygrad`` runs: ``check`` a function, or without a command the ``demo``."""
