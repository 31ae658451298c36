"""What is worked out from values that a picture prints: cells, differences, sums, dates.

Each answer says its terms. Where a term is not certain, nothing is worked out.
"""
