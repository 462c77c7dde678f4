"""The description of a network: immutable, hashed, independent of any simulator."""
