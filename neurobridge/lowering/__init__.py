"""From a description to a program: ordered passes, findings, compile()."""
