"""The study's steps over whole runs: judge a run, compare runs, reproduce the four."""
