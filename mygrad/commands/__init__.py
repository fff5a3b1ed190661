"""The commands that ``python -m mygrad`` runs."""
