"""`make bench`: this assistant beside stock Rasa, measured in one run. docs/bench.md says how and why."""

from launch.bench.run import bench

__all__ = ["bench"]
