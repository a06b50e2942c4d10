"""What the node keeps on disk: received objects, results, the queue, the outbox."""
