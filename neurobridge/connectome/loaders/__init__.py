"""One file per source of connectomes; :mod:`neurobridge.connectome.registry` lists them."""
