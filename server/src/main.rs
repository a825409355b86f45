//! The `copiste` command.

fn main() {}
