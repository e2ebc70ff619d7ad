"""What every page of the console shares: how it is declared, served, rendered and protected."""
