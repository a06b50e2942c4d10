"""Reads whole archives on one machine or a cluster: listing, plan of shards, reading by Ray, a dataset as Parquet.

A **source** (folder, object store, list or DICOMweb search) is listed once into a **plan** of shards, each of some
thousand locations. Ray Data hands shards to actors; each reads its locations in a process with limits and writes the
readings of a shard as one Parquet file, whole or not at all. A shard whose file is there is done: a run that was
interrupted anywhere goes on with the others, and a finished one does nothing.
"""
