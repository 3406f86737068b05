"""The hot loops: functions of one element (scalar_math), and the loops around them (cpu, cuda).

Nothing is imported or compiled here: numba loads when the first kernel is needed.
"""
