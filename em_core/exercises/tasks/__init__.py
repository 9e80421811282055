"""What the exercises ask for: for each the oracle, the cases and the mistakes learners make."""
