//! The terms of health, compiled once for all policies, and what a policy adds and leaves out.
