"""What ran, as the model of a graph."""
