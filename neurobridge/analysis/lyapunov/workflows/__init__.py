"""What is run on many networks: convergence, timing, transitions, spectra, training."""
