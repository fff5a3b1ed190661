"""Generate files from the registry: the type stubs and the coverage page."""
