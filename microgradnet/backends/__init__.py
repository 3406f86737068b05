"""The hot loops: functions of one element (scalar_math), loops over arrays (loops), and what runs both (cpu, cuda).

Nothing is imported or compiled here: numba loads when the first kernel is needed.
"""
