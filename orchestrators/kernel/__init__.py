"""What every orchestrator shares."""
