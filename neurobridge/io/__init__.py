"""Files: the native format of a network, and formats of others."""
