"""The configuration model: what the published files mean, and what is wrong with them."""
