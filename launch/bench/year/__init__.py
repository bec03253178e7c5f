"""`make bench-year`: a simulated year of the programme, and what went wrong in it. docs/bench.md says how and why."""

from launch.bench.year.run import bench_year

__all__ = ["bench_year"]
