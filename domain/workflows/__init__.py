"""What every workflow run shares: commands, steps, dead letters, webhooks."""
