"""What runs when a message arrives: delivering what people are told, and putting aside what cannot be delivered."""
