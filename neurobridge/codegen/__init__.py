"""Code that is compiled while a program runs: its functions, and where it is kept."""
