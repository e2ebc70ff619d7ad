"""What runs by the clock: finding orders that were never started, goods that are held for nobody, books that disagree."""
