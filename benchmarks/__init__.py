"""Programs that measure mha; they are no part of what is installed."""
