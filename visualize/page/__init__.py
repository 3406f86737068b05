"""The step player: one HTML page that works offline."""
