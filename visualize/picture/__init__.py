"""From the model of a graph to DOT, SVG, PNG, PDF, Mermaid and text."""
