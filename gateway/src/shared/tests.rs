//! A link to real servers: how it is made, what it refuses, and how it comes back.

mod connect;
mod failover;
mod faults;
mod fitness;
