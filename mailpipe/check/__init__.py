"""check: is this going to work?  Every line says what was found, and what to do about it."""
