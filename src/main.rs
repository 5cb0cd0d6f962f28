//! The `cogd` program.

fn main() {}
