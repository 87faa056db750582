"""What bncheck costs, and how sharp its bounds are: ``python -m benchmarks`` (see README.md beside this file)."""
