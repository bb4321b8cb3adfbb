//! What the contract does not ask of every back end: damage, strangers, other gateways, and a Redis that comes and goes.
