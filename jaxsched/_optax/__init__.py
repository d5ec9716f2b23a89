"""The bridge to optax. It alone imports optax, and only when it is used."""
