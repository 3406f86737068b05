"""The hot loops: functions of one element (scalar_math), loops over arrays (loops), and their launchers (cpu, cuda).

Nothing is imported or compiled here: numba loads when the first kernel is needed.
"""
