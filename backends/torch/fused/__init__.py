"""Whole segments on the CPU, forward and backward, by compiled code that is made from a program."""
