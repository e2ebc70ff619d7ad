"""Read, start and wake instances and entities through the durable client."""
