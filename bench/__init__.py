"""How fast it is, as ratios to floors that are measured in the same run; `bench/README.md` has the figures."""
