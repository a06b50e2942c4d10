"""The node's data on disk: received objects, results, the queue, the outbox."""
